# Sourced by run.sh: imports the example files once, then shows the archive at work through crmctl, the
# same way an operator would. Uses $bin, $run and the functions of lib.sh.
# shellcheck shell=bash disable=SC2154

address=127.0.0.1:$(<"$run/crm-customer.port")
crm() { "$bin/crmctl" --address "$address" --token-file "$run/tokens/steward" "$@"; }

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
      -f lead_time="$(date -u +%FT%TZ -d '1 day ago')" -f expected_close_date="$(date +%F -d '60 days')" |
      grep -o 'SO[0-9]*' | head -n 1 >"$run/opportunity" || die "the opportunity could not be created"
    crm opportunity advance "$(<"$run/opportunity")" >"$run/opportunity.log" ||
      die_with_log "$run/opportunity.log" "the opportunity did not advance"
  fi
  [[ -s $run/opportunity ]] || return 0
  opportunity=$(<"$run/opportunity")
  show opportunity list
  show opportunity stages "$opportunity"
  show call SalesReportService/GetFunnel '{}'
}
show_pipeline

step "for your client"
cat <<TEXT
address     $address (gRPC, plain text, loopback); sales: 127.0.0.1:$(<"$run/crm-sales.port")
token       $run/tokens/{steward,director,agent,administrator}: metadata "authorization: Bearer <token>"
protos      $top/protos, or reflection
crmctl      export CRM_ADDRESS=$address CRM_TOKEN_FILE=$run/tokens/steward; $bin/crmctl --help
metrics     http://127.0.0.1:$(<"$run/crm-customer-metrics.port")/metrics
TEXT
[[ -s $run/prometheus.pid ]] && say "prometheus  http://127.0.0.1:$(<"$run/prometheus.port")"
say "logs        $run/*.log"
say "stop        make stop"
