// The workaround made permanent. `echo 1` by hand lasts as long as the bridge; then ifdown and ifup, or a reboot, make it
// again. Whose file has said it too?
//
//   alice (sends)   bob, dave (joined)      ports that drop what no member asked for (mcast_flood off)
//        └────────────────┴───┬──────────
//                vmbr0: built from the user's own files
//
//   vmbr0  echo 1 ───── asks every 125 s ─────|made again|── file: asks at once, bob hears 10 s later, and goes on hearing
//                                             |          |── no file: nobody asks, and bob is deaf from here on
//
// The kernel forgets run-time settings and memberships with the bridge. Files come as their owner wrote them; wirewarp
// reads what they would set and runs none of them (docs/persistent-settings.md).
import { type FileText, frame, ns, persistent, plus, portOf, s, scenario, since, topology, within, type VariantCommon } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';

/** RHEL: several options are separated by blanks; DELAY is the forward delay. */
const ifcfg = (bridge: string): FileText[] => [{
  path: `/etc/sysconfig/network-scripts/ifcfg-${bridge}`,
  text: `DEVICE=${bridge}
TYPE=Bridge
ONBOOT=yes
BOOTPROTO=static
IPADDR=192.0.2.100
PREFIX=24
DELAY=0
STP=off
BRIDGING_OPTS="multicast_querier=1 multicast_snooping=1"
`,
}];

/** RHEL calls it with the interface's name after each ifup. */
const ifupLocal: FileText[] = [{
  path: '/sbin/ifup-local',
  executable: true,
  text: `#!/bin/sh
# argument 1: the interface that has come up
case "$1" in
  vmbr0)
    echo 1 > /sys/class/net/$1/bridge/multicast_querier
    ;;
esac
`,
}];

/** Any distribution: a rule for new interfaces, and the helper that it runs. */
const udev: FileText[] = [
  { path: '/etc/udev/rules.d/99-multicast-querier.rules', text: `ACTION=="add", SUBSYSTEM=="net", RUN+="/etc/udev/multicast-querier.sh"\n` },
  {
    path: '/etc/udev/multicast-querier.sh',
    executable: true,
    text: `#!/bin/sh
if [ "$INTERFACE" = "vmbr0" ]; then
  echo 1 > /sys/devices/virtual/net/vmbr0/bridge/multicast_querier
fi
`,
  },
];

/** Proxmox VE. */
const interfaces: FileText[] = [{
  path: '/etc/network/interfaces',
  text: `auto vmbr0
iface vmbr0 inet static
    address 192.0.2.100/24
    bridge_ports eth0
    bridge_stp off
    bridge_fd 0
    post-up echo 1 > /sys/devices/virtual/net/$IFACE/bridge/multicast_querier
`,
}];

interface Settings extends VariantCommon {
  files: readonly FileText[];
  /** Does the querier come back with the bridge? */
  kept: boolean;
}

const variants: Record<string, Settings> = {
  'echo-alone': { files: [], kept: false, diagnosis: 'strict-no-querier' },
  ifcfg: { files: ifcfg('vmbr0'), kept: true, diagnosis: 'strict-no-querier' },
  'ifup-local': { files: ifupLocal, kept: true, diagnosis: 'strict-no-querier' },
  udev: { files: udev, kept: true, diagnosis: 'strict-no-querier' },
  interfaces: { files: interfaces, kept: true, diagnosis: 'strict-no-querier' },
};
const controls: Record<string, Settings & VariantCommon> = {
  // The same file under another bridge's name says nothing of vmbr0.
  'file-for-another-bridge': { files: ifcfg('vmbr1'), kept: true, diagnosis: 'strict-no-querier', breaks: ['outage', 'general queries'] },
  'file-that-keeps-it': { files: ifcfg('vmbr0'), kept: false, diagnosis: 'strict-no-querier', breaks: ['delivery stops', 'no IGMP or MLD general queries'] },
};

export default scenario({
  title: 'settings that outlive the bridge',
  cases: ['A4'],
  inDefaultSet: false,
  variants, controls,
  topology: ({ files }) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { options: persistent(files, 'vmbr0') });
    const on = { on: vmbr0, port: { mcast_flood: false } };
    return { vmbr0, alice: t.guest('alice', on), bob: t.guest('bob', on), dave: t.guest('dave', on) };
  }),

  captures: ({ vmbr0, bob }) => [{ ...portOf(vmbr0, bob), only: 'igmp' }],

  async story({ vmbr0, alice, bob, dave }, { variant, expect, capture, now, passes, bounds, figure }) {
    const group = groupOf(4);
    const response = vmbr0.holds('mcast_query_response_interval');
    // By hand, as everybody begins: it helps with any file.
    vmbr0.sets({ mcast_querier: true });
    for (const guest of [bob, dave]) guest.joins(group);
    await passes(plus(response, s(5)));
    const flow = alice.sends(group, { every: s(1), to: [bob, dave] });
    await passes(s(300));
    const last = now('the last second of the old bridge');
    await passes(s(1));
    const again = await vmbr0.madeAgain();
    // A bridge counts its querier as present one response interval after it is switched on; by then members have answered.
    const present = bounds.timer('query response interval, within which members answer', response);
    const asked = capture(portOf(vmbr0, bob));
    for (const guest of [bob, dave]) {
      if (variant.kept) {
        const { outageS } = await expect(flow).to(guest).outage(since(again, s(400)), { atMost: plus(present.max, s(1)), reasons: present.reasons });
        figure(`${guest.name}OutageS`, outageS);
      } else {
        await expect(flow).to(guest).stops(within(last, ns(0), s(2)), { watch: s(400) });
      }
    }
    if (variant.kept) await expect(asked).sees(frame.generalQuery(), since(again, s(400)), { atLeast: 4 });
    else await expect(asked).seesNo(frame.generalQuery(), since(again, s(400)));
  },
});
