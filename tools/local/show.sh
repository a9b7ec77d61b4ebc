# Sourced by run.sh: imports the example files once, then shows the archive at work through crmctl, the
# same way an operator would. Uses $bin, $run and the functions of lib.sh.
# shellcheck shell=bash disable=SC2154

address=127.0.0.1:$(<"$run/crm-customer.port")
crm() { "$bin/crmctl" --address "$address" --token-file "$run/tokens/steward" "$@"; }

# Days of reports are the business zone's, wherever this machine is.
business_date() { TZ=Asia/Shanghai date "$@"; }

# The command as a person would type it, then its output.
show() {
  printf '\n$ crmctl %s\n' "$*"
  crm "$@" || die "crmctl $* failed"
}

make_examples() {
  local rows=${CRM_EXAMPLE_ROWS:-2400}
  [[ -s $run/examples/manifest.json ]] && return
  "$bin/crm-examples" --out "$run/examples" --rows "$rows" >"$run/examples.log" 2>&1 ||
    die_with_log "$run/examples.log" "the example files could not be made"
  say "example files with $rows customers and known dirt: $run/examples"
}

# import_once FILE KIND [ARGUMENT…]. Rows that are rejected (exit code 3) are part of the show. The
# request id makes a repeat after an interrupted run give the first import.
import_once() {
  local file=$1 kind=$2 code=0
  shift 2
  [[ -e $run/imported/$file ]] && return
  printf '\n$ crmctl import %s --kind %s%s\n' "$file" "$kind" "${*:+ $*}"
  crm import "$run/examples/$file" --kind "$kind" --request-id "example-$(cksum <"$run/examples/$file" | tr ' ' -)" \
    --rejected "$run/rejected-${file%.*}.csv" "$@" || code=$?
  [[ $code = 0 || $code = 3 ]] || die "the import of $file failed"
  : >"$run/imported/$file"
}

import_examples() {
  mkdir -p "$run/imported"
  if [[ -e $run/imported/all ]]; then
    say "the example files have been imported by an earlier run"
    return
  fi
  if ! crm call --list 2>/dev/null | grep -c ImportService >/dev/null; then
    say "the service takes no imports"
    return
  fi
  make_examples
  import_once products.csv product
  import_once customers.xlsx customer --missing accept_incomplete
  import_once customers_gb18030.csv customer --missing accept_incomplete
  import_once contacts.csv contact
  import_once interactions.csv interaction
  import_once purchases.csv purchase --default source_system=shop
  : >"$run/imported/all"
}

step "examples"
import_examples

step "the archive"
show imports list
show customer list --page-size 5
show customer search 昆明
number=$(crm --output json customer list --page-size 1 --filter 'order_count > 1' |
  grep -o '"number": *"[^"]*"' | head -n 1 | cut -d'"' -f4) || true
if [[ -n $number ]]; then
  show customer get "$number"
  show interaction list "$number"
  show purchase list "$number"
fi

# The first opportunity, made once. `crm` takes the address from here.
show_pipeline() {
  local address opportunity
  address=127.0.0.1:$(<"$run/crm-sales.port")
  step "the pipeline"
  if [[ -n $number && ! -s $run/opportunity ]]; then
    crm opportunity create -f customer="$number" -f 商机名称=数据平台一期 -f 预计金额=180000 -f source_channel=website \
      -f lead_time="$(date -u +%FT%TZ -d '1 day ago')" -f expected_close_date="$(business_date +%F -d '60 days')" |
      grep -o 'SO[0-9]*' | head -n 1 >"$run/opportunity" || die "the opportunity could not be created"
    crm opportunity advance "$(<"$run/opportunity")" >"$run/opportunity.log" ||
      die_with_log "$run/opportunity.log" "the opportunity did not advance"
  fi
  [[ -s $run/opportunity ]] || return 0
  opportunity=$(<"$run/opportunity")
  show opportunity list
  show opportunity stages "$opportunity"
  show pipeline stages default
  show report funnel
  show report forecast "$(business_date +%Y-01)" "$(business_date +%Y-12)"
  show report win-loss "$(business_date +%Y-01-01)" "$(business_date +%F)" --group owner
  show opportunity priorities
}
show_pipeline

# desk WHO ARGUMENT…: crmctl at the ticket service.
desk() {
  local who=$1
  shift
  "$bin/crmctl" --address "127.0.0.1:$(<"$run/crm-ticket.port")" --token-file "$run/tokens/$who" "$@"
}

# open_ticket PRIORITY TYPE CATEGORY SUBJECT [FIELD=VALUE…]: gives the number.
open_ticket() {
  local priority=$1 type=$2 category=$3 subject=$4 field fields=()
  shift 4
  for field in "$@"; do fields+=(-f "$field"); done
  desk agent ticket create -f channel=phone -f 优先级="$priority" -f 工单类型="$type" -f 问题分类="$category" \
    -f 主题="$subject" -f 问题描述="$subject" "${fields[@]}" | grep -o 'SR[0-9]*' | head -n 1
}

# A day at the service desk, lived through once: some solved, one reopened, some still open.
live_through_tickets() {
  local asker=来访电话=13900139000 solved reopened waiting
  [[ -n $number ]] && asker=客户编号=$number
  solved=$(open_ticket 高 故障报修 打印 "打印机卡纸，硒鼓漏粉" "$asker")
  desk agent ticket take "$solved" "领取"
  desk agent ticket reply "$solved" "工程师今天下午上门"
  desk agent ticket propose "$solved" "更换硒鼓" "更换硒鼓并清洁"
  desk agent ticket complete "$solved" "客户确认恢复"
  reopened=$(open_ticket 中 技术咨询 网络 "VPN 无法连接" 来访电话=13900139001)
  desk agent ticket take "$reopened" "领取"
  desk agent ticket propose "$reopened" "重置证书" "重新下发证书"
  desk agent ticket complete "$reopened" "客户确认"
  desk agent ticket reopen "$reopened" "次日再次断线"
  waiting=$(open_ticket 紧急 故障报修 打印 "整层打印机离线" 来访电话=13900139002)
  desk agent ticket take "$waiting" "领取"
  desk agent ticket wait "$waiting" "等待客户提供交换机日志"
  open_ticket 低 需求变更 报表 "月报增加一列" 来访电话=13900139003
  open_ticket 高 投诉建议 配送 "送货太慢，硒鼓三天未到" 来访电话=13900139004
  open_ticket 紧急 故障报修 打印 "硒鼓报错，打印机停机" 来访电话=13900139005
  echo "$reopened" >"$run/tickets"
}

# The command as a person would type it, then its output.
show_desk() {
  printf '\n$ crmctl %s\n' "$*"
  desk supervisor "$@" || die "crmctl $* failed"
}

show_tickets() {
  step "the service desk"
  if [[ ! -s $run/tickets ]]; then
    live_through_tickets >"$run/tickets.log" || die_with_log "$run/tickets.log" "the tickets could not be made"
  fi
  show_desk ticket list
  show_desk ticket sla "$(<"$run/tickets")"
  show_desk ticket events "$(<"$run/tickets")"
  show_desk ticket watch --unassigned --list-only
  show_desk ticket report "$(business_date +%Y-%m-01)" "$(business_date +%F)" --by type
  show_desk ticket problems "$(business_date +%Y-%m)"
}
show_tickets

step "for your client"
cat <<TEXT
address     $address (gRPC, plain text, loopback); sales: 127.0.0.1:$(<"$run/crm-sales.port"), tickets: 127.0.0.1:$(<"$run/crm-ticket.port")
token       $run/tokens/{steward,director,agent,supervisor,administrator}: metadata "authorization: Bearer <token>"
protos      $top/protos, or reflection
crmctl      export CRM_ADDRESS=$address CRM_TOKEN_FILE=$run/tokens/steward; $bin/crmctl --help
metrics     http://127.0.0.1:$(<"$run/crm-customer-metrics.port")/metrics
TEXT
[[ -s $run/prometheus.pid ]] && say "prometheus  http://127.0.0.1:$(<"$run/prometheus.port")"
say "logs        $run/*.log"
say "stop        make stop"
