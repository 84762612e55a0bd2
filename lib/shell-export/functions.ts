/** The part of an exported script that is the same in all of them. POSIX sh; only iproute2 beside it (util-linux without root). */

/** Says, checks, and undoes. Uses PREFIX, NODES and MARK. */
export const HELPERS = String.raw`
say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }

# batch TOOL NODE: the commands on standard input, by ip, bridge or tc, in the node's namespace.
batch() {
  "$1" -n "$PREFIX$2" -batch - || die "$1 refused a command for $2 (said above, with its line in that block)"
}

# put NODE: lines "FILE VALUE" on standard input, written in the node's namespace.
put() {
  # shellcheck disable=SC2016 # the inner sh expands these
  ip netns exec "$PREFIX$1" sh -c '
    while read -r file value; do
      if [ ! -e "$file" ]; then
        # A kernel without IPv6 has nothing to switch off.
        case $file in */disable_ipv6) continue ;; esac
        echo "this kernel has no $file" >&2
        exit 1
      fi
      printf "%s\n" "$value" > "$file" || { echo "it does not take $value in $file" >&2; exit 1; }
    done' || die "a setting for $1 failed (said above)"
}

# wait_for NODE: lines "DEVICE PORT-STATES SECONDS". PORT-STATES: numbers of brport/state, or - for no bridge port.
wait_for() {
  # shellcheck disable=SC2016 # the inner sh expands these
  ip netns exec "$PREFIX$1" sh -c '
    ready() {
      [ "$(cat "/sys/class/net/$device/operstate")" = up ] || return 1
      [ "$states" = - ] && return 0
      case ,$states, in *,"$(cat "/sys/class/net/$device/brport/state")",*) return 0 ;; esac
      return 1
    }
    while read -r device states seconds; do
      tries=$((seconds * 10))
      until ready; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
          echo "$device was not ready after $seconds s: operstate $(cat "/sys/class/net/$device/operstate")," \
            "port state $(cat "/sys/class/net/$device/brport/state" 2>/dev/null || echo none)" \
            "(0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking)" >&2
          exit 1
        fi
        # Not every sleep knows tenths of a second.
        sleep 0.1 2>/dev/null || { sleep 1; tries=$((tries - 9)); }
      done
    done' || die "gave up waiting for $1 (said above)"
}

# Before anything is made: nothing of that name may be there.
refuse_existing() {
  for node in $NODES; do
    if [ -e "/run/netns/$PREFIX$node" ]; then
      die "the namespace $PREFIX$node exists already: '$0 down' removes what this script made; PREFIX=other- $0 uses other names"
    fi
  done
}

MADE=
make_namespaces() {
  for node in $NODES; do
    ip netns add "$PREFIX$node"
    MADE="$MADE $node"
    # The mark by which 'down' knows its own.
    ip -n "$PREFIX$node" link set dev lo up alias "$MARK"
  done
}

undo_on_failure() {
  status=$?
  trap - EXIT HUP INT TERM
  if [ "$status" -ne 0 ] && [ -n "$MADE" ]; then
    echo "removing what was made" >&2
    for node in $MADE; do ip netns del "$PREFIX$node" || :; done
  fi
  exit "$status"
}

up() {
  refuse_existing
  trap undo_on_failure EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  say "building"
  make_namespaces
  build
  say "waiting until links are up and ports forward"
  wait_until_ready
  trap - EXIT HUP INT TERM
}

down() {
  foreign=0
  for node in $NODES; do
    if [ ! -e "/run/netns/$PREFIX$node" ]; then continue; fi
    case $(ip -n "$PREFIX$node" link show dev lo) in
      *"alias $MARK"*) ip netns del "$PREFIX$node" ;;
      *)
        foreign=1
        echo "left alone: the namespace $PREFIX$node was not made by this script" >&2
        ;;
    esac
  done
  return "$foreign"
}
`.trim();

/** What the script does with its argument. */
export const MAIN = String.raw`
case $PREFIX in *[!A-Za-z0-9._-]* | -*) die "PREFIX has a character that a namespace name should not have: $PREFIX" ;; esac
command -v ip > /dev/null || die "the program ip was not found: install iproute2"

command=${'$'}{1-up}
case $command in
  up | down) ;;
  # Without root this script calls itself so, in a network of its own.
  inside)
    read -r _ _ users < /proc/self/uid_map
    [ "$users" -eq 1 ] || { usage >&2; exit 2; }
    # Only that network's namespaces are to be seen there.
    if [ -d /run/netns ]; then mount -t tmpfs tmpfs /run/netns; else mount -t tmpfs tmpfs /run && mkdir /run/netns; fi
    ;;
  -h | --help | help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

if [ "$command" != inside ] && [ "$(id -u)" -ne 0 ]; then
  if [ "$command" = down ]; then
    say "without root there is nothing to remove: the network ended with the shell that it was built in"
    exit 0
  fi
  [ -f "$0" ] || die "save this script in a file to run it without root"
  command -v unshare > /dev/null || die "run it as root, or install util-linux for unshare"
  say "not root: building in a user namespace, where the machine's own network is out of reach"
  exec unshare --user --map-root-user --net --mount sh "$0" inside
fi

case $command in
  up)
    up
    look_around
    say "Remove it all: $0 down"
    ;;
  down) down ;;
  inside)
    up
    if [ -t 0 ] && [ -t 1 ]; then
      look_around
      say "This shell sees the network; it ends with it."
      "${'$'}{SHELL:-/bin/sh}" || :
    else
      say "It was built and stood; without a terminal it ends here. Run it as root to keep it."
    fi
    ;;
esac
`.trim();
