# bash completion for flowscope                                            -*- shell-script -*-
# shellcheck shell=bash

declare -gA _flowscope_values=(
# options: written from the settings by a test
  [--workers]=''
  [--burst]=''
  [--hash-seed]=''
  [--stats-period]=''
  [--exit-after-idle]=''
  [--burst-times]='true false'
  [--checksums]='off count drop'
  [--decap]=''
  [--decap-ports]=''
  [--dedup-window]=''
  [--dedup-frames-max]=''
  [--dedup-match]=''
  [--flows-max]=''
  [--key-with]=''
  [--details-max]=''
  [--emergency-percent]=''
  [--counters]='basic full'
  [--first-packets]=''
  [--fragments-datagrams-max]=''
  [--fragments-bytes-max]=''
  [--fragments-timeout]=''
  [--fragments-overlap]=''
  [--timeouts-tcp-new]=''
  [--timeouts-tcp-established]=''
  [--timeouts-tcp-closing]=''
  [--timeouts-tcp-closed]=''
  [--timeouts-udp]=''
  [--timeouts-other]=''
  [--timeouts-emergency]=''
  [--streams-streams-max]=''
  [--streams-buffers-bytes]=''
  [--streams-reorder-bytes-max]=''
  [--streams-depth-bytes]=''
  [--streams-overlap]=''
  [--streams-overflow]=''
  [--l7]=''
  [--l7-http-body-sha256]='true false'
  [--signatures-rules]=''
  [--signatures-cache]=''
  [--signatures-depth-bytes]=''
  [--signatures-flows-max]=''
  [--output-community-id]='true false'
  [--output-interim]=''
  [--output-ring-bytes]=''
  [--output-shed]=''
  [--output-append]='true false'
  [--output-rotate-bytes]=''
  [--output-rotate-every]=''
  [--output-rotate-keep]=''
  [--output-records-flow]='true false'
  [--output-records-alert]='true false'
  [--output-records-http]='true false'
  [--output-records-tls]='true false'
  [--output-records-dns]='true false'
  [--output-records-ssh]='true false'
  [--output-records-quic]='true false'
  [--output-records-anomaly]='true false'
  [--output-records-stats]='true false'
  [--pcap-snaplen-bytes]=''
  [--pcap-promiscuous]='true false'
  [--pcap-buffer-bytes]=''
  [--rxq]=''
  [--rxd]=''
  [--mbcache]=''
  [--total-num-mbufs]=''
  [--portmask]=''
  [--ports]=''
  [--rss]='ip udp'
  [--max-pkt-len]=''
  [--link-wait]=''
  [--nic-timestamps]='true false'
  [--telemetry-prometheus]=''
  [--security-user]=''
  [--security-confine]=''
  [--worker-lcores]=''
  [--worker-resteer]=''
  [--worker-idle]=''
  [--worker-sleep-max]=''
  [--worker-watchdog]=''
  [--worker-stage-cycles]='true false'
  [--worker-track]='true false'
  [--worker-balance-period]=''
  [--worker-imbalance-percent]=''
  [--log-level]=''
  [--log-file]=''
  [--log-format]=''
  [--log-times]='true false'
# end of options
)

# The words that may stand behind the verb and another word, for compgen.
_flowscope_words() {
  case $2 in
    -i | --interface) find /sys/class/net -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null ;;
    *)
      echo "${!_flowscope_values[*]} -c --config -o --rss-ip --rss-udp --help"
      [[ $1 != live ]] || echo "-i --interface -f --filter"
      ;;
  esac
}

_flowscope() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]:-}
  local verbs="replay live run check doctor top version help"
  # EAL options come before --.
  local eal="-l --lcores --main-lcore -a --allow -b --block --vdev --no-pci -m --socket-mem --no-huge --in-memory
    --huge-dir --file-prefix --iova-mode --log-level --"
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
    return
  fi
  case $verb in
    version | help) return ;;
    top)
      mapfile -t COMPREPLY < <(compgen -W "--file-prefix --socket --period --once --batch" -- "$current")
      return
      ;;
    doctor)
      mapfile -t COMPREPLY < <(compgen -W "-c -i --json $eal" -- "$current")
      [[ $previous != -c ]] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    check)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    run)
      if [[ " ${COMP_WORDS[*]:2:COMP_CWORD-2} " != *" -- "* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$eal" -- "$current")
        return
      fi
      ;;
  esac
  # bash takes --option=value apart at the equals sign.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
    -c | --config | -o | --signatures-rules | --signatures-cache)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
  esac
  if [[ -n $previous && -n ${_flowscope_values[$previous]:-} ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${_flowscope_values[$previous]}" -- "$current")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$(_flowscope_words "$verb" "$previous")" -- "$current")
  [[ $verb != replay || $current == -* ]] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
}

complete -o filenames -F _flowscope flowscope
