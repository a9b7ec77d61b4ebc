// Grafana dashboards as data (OPS-8): lines for trends, bars for comparisons, pies for shares.
import {DashboardBuilder, DashboardCursorSync, DashboardLinkBuilder, DashboardLinkType, DatasourceVariableBuilder, QueryVariableBuilder, RowBuilder, VariableRefresh}
  from '@grafana/grafana-foundation-sdk/dashboard';
import {ReduceDataOptionsBuilder} from '@grafana/grafana-foundation-sdk/common';
import {PanelBuilder as BarPanel} from '@grafana/grafana-foundation-sdk/bargauge';
import {PanelBuilder as PiePanel} from '@grafana/grafana-foundation-sdk/piechart';
import {PanelBuilder as StatPanel} from '@grafana/grafana-foundation-sdk/stat';
import {PanelBuilder as LinePanel} from '@grafana/grafana-foundation-sdk/timeseries';
import {DataqueryBuilder} from '@grafana/grafana-foundation-sdk/prometheus';

const source = {type: 'prometheus', uid: '${datasource}'};
const kService = '{service=~"$service"}';

const query = ([expr, legend]) => new DataqueryBuilder().expr(expr).legendFormat(legend ?? '').datasource(source);
const instant = ([expr, legend]) => query([expr, legend]).instant();

const place = (panel, title, unit, span) => panel.title(title).unit(unit).datasource(source).span(span).height(8);
const newest = () => new ReduceDataOptionsBuilder().calcs(['lastNotNull']);

function lines(title, unit, queries, span = 12) {
  return queries.reduce((panel, each) => panel.withTarget(query(each)), place(new LinePanel(), title, unit, span));
}
function bars(title, unit, each, span = 12) {
  return place(new BarPanel(), title, unit, span).reduceOptions(newest()).withTarget(instant(each));
}
function pie(title, unit, each, span = 12) {
  return place(new PiePanel(), title, unit, span).reduceOptions(newest()).withTarget(instant(each));
}
function stat(title, unit, each, span = 6) {
  return place(new StatPanel(), title, unit, span).height(4).reduceOptions(newest()).withTarget(query(each));
}

function dashboard(title, uid) {
  return new DashboardBuilder(title)
    .uid(uid).tags(['crm']).refresh('30s').time({from: 'now-3h', to: 'now'}).readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .link(new DashboardLinkBuilder('CRM dashboards').type(DashboardLinkType.Dashboards).tags(['crm']))
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'));
}

// Every replica counts all of it and shows the same.
const once = (metric, ...labels) => `max by (${labels.join(', ')}) (${metric})`;

export function salesDashboard() {
  // By kind: a pipeline calls its stages what it likes.
  const of = (metric, kind = '') => once(metric + (kind && `{kind="${kind}"}`), 'pipeline', 'stage', 'kind');
  const opportunities = of('crm_opportunities');
  const amount = of('crm_pipeline_amount_cny');
  const openAmount = of('crm_pipeline_amount_cny', 'open');
  return dashboard('CRM sales pipeline', 'crm-sales')
    .withRow(new RowBuilder('Pipeline'))
    .withPanel(stat('Open opportunities', 'none', [`sum(${of('crm_opportunities', 'open')})`]))
    .withPanel(stat('Open amount', 'currencyCNY', [`sum(${openAmount})`]))
    .withPanel(stat('Won', 'currencyCNY', [`sum(${of('crm_pipeline_amount_cny', 'won')})`]))
    .withPanel(stat('Lost', 'currencyCNY', [`sum(${of('crm_pipeline_amount_cny', 'lost')})`]))
    .withPanel(pie('Open amount by stage', 'currencyCNY', [`sum by (stage) (${openAmount})`, '{{stage}}']))
    .withPanel(bars('Opportunities by stage', 'none', [`sum by (stage) (${opportunities})`, '{{stage}}']))
    .withPanel(lines('Amount by stage', 'currencyCNY', [[`sum by (stage) (${amount})`, '{{stage}}']]))
    .withPanel(lines('Opportunities by pipeline', 'none', [[`sum by (pipeline) (${opportunities})`, '{{pipeline}}']]))

    .withRow(new RowBuilder('Reminders'))
    .withPanel(bars('Open reminders', 'none', [once('crm_reminders_open', 'state'), '{{state}}']))
    .withPanel(lines('Reminders told a second', 'cps', [['sum(rate(crm_reminder_lateness_seconds_count[$__rate_interval]))', 'told'],
      ['sum(rate(crm_reminder_lateness_seconds_count[$__rate_interval])) - sum(rate(crm_reminder_lateness_seconds_bucket{le="5"}[$__rate_interval]))', 'more than 5 s late']]))
    .withPanel(lines('Won, but not in the archive', 'none', [['max(crm_won_opportunities_unrecorded)', 'opportunities']]))

    .withRow(new RowBuilder('Calls'))
    .withPanel(lines('Rate by method', 'reqps', [
      ['sum by (grpc_method) (rate(grpc_server_handled_total{service="crm-sales"}[$__rate_interval])) > 0', '{{grpc_method}}']]))
    .withPanel(bars('Slowest methods (99 %)', 's', [
      'topk(10, histogram_quantile(0.99, sum by (grpc_method, le) (rate(grpc_server_handling_seconds_bucket{service="crm-sales"}[$__range]))) > 0)',
      '{{grpc_method}}']))
    .build();
}

export function ticketDashboard() {
  const clocks = (state, ...labels) => `sum by (${labels.join(', ')}) (${once(`crm_ticket_sla_${state}`, 'clock', 'priority', 'tier')})`;
  const compliance = (label) => `${clocks('met', label)} / (${clocks('met', label)} + ${clocks('breached', label)})`;
  return dashboard('CRM ticket service levels', 'crm-tickets')
    .withRow(new RowBuilder('Now'))
    .withPanel(stat('Open tickets', 'none', [`sum(${once('crm_tickets_open', 'status')})`]))
    .withPanel(stat('Next clock is due in', 's', [once('crm_ticket_sla_next_breach_seconds', 'clock'), '{{clock}}']))
    .withPanel(stat('Clocks that run', 'none', [clocks('running', 'clock'), '{{clock}}']))
    .withPanel(stat('Oldest escalation waits for', 's', ['max(crm_ticket_timers_overdue_seconds)']))
    .withPanel(pie('Open tickets by status', 'none', [once('crm_tickets_open', 'status'), '{{status}}']))
    .withPanel(bars('Running clocks by priority', 'none', [clocks('running', 'priority'), '{{priority}}']))

    .withRow(new RowBuilder('Last 30 days'))
    .withPanel(lines('Clocks met, by clock', 'percentunit', [[compliance('clock'), '{{clock}}']]))
    .withPanel(lines('Clocks met, by tier', 'percentunit', [[compliance('tier'), '{{tier}}']]))
    .withPanel(bars('Missed clocks by priority', 'none', [clocks('breached', 'priority'), '{{priority}}']))
    .withPanel(lines('Missed clocks', 'none', [[clocks('breached', 'clock'), '{{clock}}']]))

    .withPanel(lines('Satisfaction', 'none', [['max(crm_ticket_satisfaction_mean)', 'mean of 1 to 5']]))
    .withPanel(lines('Answers about satisfaction', 'none', [['max(crm_ticket_satisfaction_answers)', 'of 30 days']]))

    .withRow(new RowBuilder('Work behind'))
    .withPanel(lines('Escalations waiting', 's', [['max(crm_ticket_timers_overdue_seconds)', 'oldest']]))
    .withPanel(lines('Rate by method', 'reqps', [
      ['sum by (grpc_method) (rate(grpc_server_handled_total{service="crm-ticket"}[$__rate_interval])) > 0', '{{grpc_method}}']]))
    .build();
}

export function suiteDashboard() {
  return dashboard('CRM suite', 'crm-suite')
    .withVariable(new QueryVariableBuilder('service').label('Service').datasource(source)
      .query('label_values(crm_build_info, service)').refresh(VariableRefresh.OnTimeRangeChanged)
      .multi(true).includeAll(true))

    .withRow(new RowBuilder('Objectives'))
    .withPanel(stat('Calls inside the limit', 'percentunit', [`crm:rpc_within_limit:ratio_rate5m${kService}`, '{{service}}']))
    .withPanel(stat('Calls a second', 'reqps', [`sum by (service) (crm:rpc_handled:rate5m${kService})`, '{{service}}']))
    .withPanel(stat('99 % answered within', 's', [`crm:rpc_handling_seconds:p99_rate5m${kService}`, '{{service}}']))
    .withPanel(stat('Replicas', 'none', [`count by (service) (crm_build_info${kService})`, '{{service}}']))
    .withPanel(lines('Missed objectives', 'percentunit', [
      [`crm:rpc_missed:ratio_rate5m${kService}`, '{{service}}, 5 minutes'],
      [`crm:rpc_missed:ratio_rate1h${kService}`, '{{service}}, 1 hour']]))
    .withPanel(pie('Response times', 'none', [`sum by (within) (increase(crm_rpc_slo_total${kService}[$__range]))`, '{{within}}']))

    .withRow(new RowBuilder('Calls'))
    .withPanel(lines('Rate by method', 'reqps', [
      [`sum by (grpc_method) (rate(grpc_server_handled_total${kService}[$__rate_interval])) > 0`, '{{grpc_method}}']]))
    .withPanel(lines('Answers by code', 'reqps', [
      [`sum by (grpc_code) (rate(grpc_server_handled_total${kService}[$__rate_interval])) > 0`, '{{grpc_code}}']]))
    .withPanel(bars('Slowest methods (99 %)', 's', [
      `topk(10, histogram_quantile(0.99, sum by (grpc_method, le) (rate(grpc_server_handling_seconds_bucket${kService}[$__range]))) > 0)`,
      '{{grpc_method}}']))
    .withPanel(lines('In progress and refused', 'none', [
      [`sum by (service) (crm_rpc_in_flight${kService})`, '{{service}} in progress'],
      [`sum by (service) (rate(crm_rpc_shed_total${kService}[$__rate_interval]))`, '{{service}} refused a second'],
      [`sum by (service) (rate(crm_rpc_conflict_reruns_total${kService}[$__rate_interval]))`, '{{service}} rerun a second'],
      [`sum by (service) (rate(crm_idempotent_replays_total${kService}[$__rate_interval]))`, '{{service}} replayed a second']]))

    .withRow(new RowBuilder('Database'))
    .withPanel(lines('Connections', 'none', [
      [`sum by (service) (crm_db_pool_in_use${kService})`, '{{service}} in use'],
      [`sum by (service) (crm_db_pool_open${kService})`, '{{service}} open'],
      [`sum by (service) (crm_db_pool_max${kService})`, '{{service}} allowed']]))
    .withPanel(bars('Queries by time taken', 'percentunit', [
      `topk(10, sum by (query) (rate(crm_db_statement_seconds_sum${kService}[$__range])))`, '{{query}}']))
    .withPanel(lines('Waiting for a connection, for a thread (99 %)', 's', [
      [`histogram_quantile(0.99, sum by (service, le) (rate(crm_db_acquire_seconds_bucket${kService}[$__rate_interval])))`, '{{service}} connection'],
      [`histogram_quantile(0.99, sum by (service, le) (rate(crm_rpc_queue_wait_seconds_bucket${kService}[$__rate_interval])))`, '{{service}} thread']]))
    .withPanel(lines('Failed statements', 'percentunit', [[`crm:db_statement_errors:ratio_rate5m${kService}`, '{{service}}']]))

    .withRow(new RowBuilder('Events and background jobs'))
    .withPanel(lines('Events waiting', 'none', [
      [`max by (service, source) (crm_event_reader_lag${kService})`, '{{service}} behind {{source}}'],
      [`max by (service) (crm_event_unsequenced${kService})`, '{{service}} without position']]))
    .withPanel(lines('Events a second', 'cps', [
      [`sum by (service) (rate(crm_events_sequenced_total${kService}[$__rate_interval]))`, '{{service}} handed on'],
      [`sum by (service, source) (rate(crm_events_applied_total${kService}[$__rate_interval]))`, '{{service}} applied of {{source}}']]))
    .withPanel(bars('Background jobs', 'percentunit', [
      `topk(10, sum by (job_name) (rate(crm_job_seconds_sum${kService}[$__range])))`, '{{job_name}}']))
    .withPanel(lines('Failed runs of jobs a second', 'cps', [
      [`sum by (job_name) (rate(crm_job_failures_total${kService}[$__rate_interval]))`, '{{job_name}}']]))

    .withRow(new RowBuilder('Customers'))
    .withPanel(pie('Customers by tier', 'none', [`sum by (tier) (max by (tier, stage) (crm_customers${kService}))`, '{{tier}}']))
    .withPanel(bars('Customers by stage', 'none', [`sum by (stage) (max by (tier, stage) (crm_customers${kService}))`, '{{stage}}']))
    .withPanel(lines('Customers', 'none', [
      [`sum(max by (tier, stage) (crm_customers${kService}))`, 'all'],
      [`max(crm_customers_incomplete${kService})`, 'incomplete']]))
    .withPanel(lines('Imported rows a second', 'cps', [
      [`sum by (outcome) (rate(crm_import_rows_total${kService}[$__rate_interval]))`, '{{outcome}}']]))

    .withRow(new RowBuilder('Processes'))
    .withPanel(lines('Processor', 'none', [[`rate(process_cpu_seconds_total${kService}[$__rate_interval])`, '{{instance}} cores']]))
    .withPanel(lines('Memory', 'bytes', [[`process_resident_memory_bytes${kService}`, '{{instance}}']]))
    .withPanel(lines('Threads and files', 'none', [
      [`process_threads${kService}`, '{{instance}} threads'], [`process_open_fds${kService}`, '{{instance}} files']]))
    .withPanel(bars('Running for', 's', [`time() - process_start_time_seconds${kService}`, '{{instance}}']))
    .build();
}
