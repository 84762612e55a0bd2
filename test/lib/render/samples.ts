/** Run records for the tests of the renderers: every verdict, controls, and text that tries to break out. */
import type { ClaimRecord, KernelRecord, ResultRecord, RunRecord } from '../../../lib/record.ts';

export const qemu: KernelRecord = {
  id: 'qemu:6.1.0-56-cloud-amd64', place: 'qemu', release: '6.1.0-56-cloud-amd64',
  version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-05-10)', hz: 250,
  image: '/boot/vmlinuz-6.1.0-56-cloud-amd64', cpus: 1, icountShift: 4, reason: 'newest image in the cache; --kernel auto',
};

export const running: KernelRecord = {
  id: 'running:6.18.44', place: 'running', release: '6.18.44', version: '#1 SMP', hz: 1000, reason: '--kernel running',
};

export function claim(over: Partial<ClaimRecord> = {}): ClaimRecord {
  return {
    claim: 'bob hears every datagram of 239.192.5.5 from alice', verdict: 'held',
    expected: 'no gap longer than 0.2 s for 900 s after core fell silent', observed: 'longest gap 0.1 s; 9000 of 9000 datagrams',
    atS: 930.4, windowS: { from: 30.4, to: 930.4 }, reasons: [], figures: { outageS: 0, lostDatagrams: 0 }, evidence: [],
    ...over,
  };
}

export function result(over: Partial<ResultRecord> = {}): ResultRecord {
  const verdict = over.verdict ?? 'held';
  const expected = over.expected ?? (over.control ? 'broken' : 'held');
  return {
    scenario: 'multicast/membership-expiry', title: 'membership expiry', variant: 'healthy', control: false,
    cases: ['A1', 'A2'], kernel: qemu.id, seed: 1, time: 'warp', verdict, expected, asExpected: verdict === expected,
    claims: [claim()], figures: { deliveredPercent: 100 }, protocolS: 935.2, wallS: 12.31, readouts: [], findings: [],
    files: ['multicast/membership-expiry/healthy/plan.sh', 'multicast/membership-expiry/healthy/events.ndjson'],
    replay: `wirewarp run multicast/membership-expiry --variant ${over.variant ?? 'healthy'} --kernel ${qemu.id} --seed 1`,
    ...over,
  };
}

export function run(results: ResultRecord[], over: Partial<RunRecord> = {}): RunRecord {
  return {
    schema: 'wirewarp.run', schemaVersion: 1, runId: '2026-11-21T10-40-02-k3', wirewarp: '0.1.0',
    startedAt: '2026-11-21T10:40:02.000Z', endedAt: '2026-11-21T10:41:40.000Z', wallS: 98.1, interrupted: false,
    command: ['wirewarp', 'run', 'multicast', 'bonding'], machine: { node: 'v20.20.2', platform: 'linux', release: '6.18.44', cpus: 2 },
    kernels: [qemu, running], results, ...over,
  };
}

/** Kernel log and names as an enemy would write them: colours, bell, NUL, markup, CDATA end, TAP directives, bidi. */
export const hostile = {
  log: '\x1b[31mBUG: unable to handle\x1b[0m <script>alert(1)</script> & ]]> "quoted" \'single\' \x07\x00\x08\u202Eesrever\u0085\r\nsecond # SKIP line\r\n',
  name: 'grüße-网桥 # TODO \\ <b>&',
};

const frames = [
  '261.100000 52:54:00:00:00:0a > 01:00:5e:40:05:05, IPv4, 192.0.2.10.5404 > 239.192.5.5.5404: UDP, length 64',
  '261.200000 52:54:00:00:00:0a > 01:00:5e:40:05:05, IPv4, 192.0.2.10.5404 > 239.192.5.5.5404: UDP, length 64',
  '291.450000 52:54:00:00:00:0c > 01:00:5e:00:00:01, IPv4, 192.0.2.1 > 224.0.0.1: igmp query v3, max resp 10 s',
];

/** One of each, as a real run would have them. */
export const everyVerdict = (): RunRecord => run([
  result(),
  result({
    variant: 'legacy', verdict: 'broken', protocolS: 1200, wallS: 15.02,
    claims: [
      claim({
        claim: 'bob stops hearing 239.192.5.5', verdict: 'broken',
        expected: 'between 260 s and 261.384 s after the last report', observed: '291.45 s after the last report',
        atS: 292.05, windowS: { from: 260.6, to: 261.984 }, figures: { outageStartS: 291.45, lostDatagrams: 0, extraDatagrams: 301 },
        reasons: ['membership interval of vmbr0: 260 s (sysfs: 26000)', 'timer wheel at HZ=250, level 3: up to 1.024 s late', 'one flow period: 0.1 s', 'probe jitter: 0.26 s'],
        evidence: frames,
      }),
      claim({ claim: 'carol hears nothing (control in the same window: bob hears)', atS: 1200, windowS: { from: 0, to: 1200 }, figures: { heardDatagrams: 0 } }),
    ],
    readouts: [
      { title: 'vmbr0 MDB', atS: 260, lines: ['dev vmbr0 port tap-bob grp 239.192.5.5 temp 0.60', 'dev vmbr0 port tap-core grp 224.0.0.251 temp 12.04'] },
      { title: 'vmbr0 querier', atS: 260, lines: ['none seen; other-querier-present timer 0.00'] },
    ],
    files: ['multicast/membership-expiry/legacy/plan.sh', 'multicast/membership-expiry/legacy/bob #1?.pcapng', 'multicast/membership-expiry/legacy/console.log'],
  }),
  result({
    variant: 'no-querier', control: true, verdict: 'broken',
    claims: [claim({ verdict: 'broken', observed: 'gap of 639.2 s from 291.2 s on', atS: 291.4, figures: { outageS: 639.2, lostDatagrams: 6392 }, evidence: frames })],
  }),
  result({
    scenario: 'bonding/failover-silent-guest', title: 'active-backup failover, silent guest', variant: 'garp-off', control: true,
    verdict: 'held', cases: ['C1'], kernel: qemu.id, protocolS: 320,
    claims: [claim({ claim: 'outside loses at most 2 pings to guest', expected: 'at most 2 lost in 300 s', observed: '0 lost', atS: 310, windowS: { from: 10, to: 310 }, figures: { lostPings: 0 } })],
  }),
  result({
    scenario: 'bonding/failover-silent-guest', title: 'active-backup failover, silent guest', variant: 'mode-1', cases: ['C1'], kernel: qemu.id,
    verdict: 'crashed', reason: 'The kernel wrote to its console:\n\x1b[31m[  261.2] WARNING: CPU: 0 PID: 0 at net/bridge/br_multicast.c:1203\x1b[0m\nbr_multicast_port_group_expired <IRQ> & co.\nSee console.log.',
    claims: [], protocolS: 261.2, wallS: 6.4, files: ['bonding/failover-silent-guest/mode-1/console.log'],
  }),
  result({
    scenario: 'migration/rarp-announce', title: 'RARP announcement after attach', variant: 'three-rounds', cases: ['D3'], kernel: running.id, time: 'real',
    verdict: 'errored', reason: 'qemu-system-x86_64 left with status 1: could not open /dev/kvm. Add yourself to the group kvm.',
    claims: [claim({ claim: 'outside reaches guest', verdict: 'errored', expected: 'at least one ping', observed: 'no sample in the window', atS: 4, windowS: { from: 0, to: 4 }, figures: {} })],
    protocolS: 4, wallS: 6.1,
  }),
  result({
    scenario: 'multicast/corosync-membership', title: 'corosync forms a membership', variant: 'udpu', cases: ['B7'], kernel: running.id, time: 'real',
    verdict: 'skipped', reason: 'corosync is not installed here: apt-get install corosync', claims: [], protocolS: 0, wallS: 0.03, files: [],
  }),
]);

/** The same shape with text that must not get out of its place. */
export const hostileRun = (): RunRecord => run([
  result({
    scenario: hostile.name, title: hostile.log, variant: hostile.log, kernel: hostile.name, verdict: 'broken', reason: hostile.log, cases: [hostile.name],
    claims: [claim({ claim: hostile.log, verdict: 'broken', expected: hostile.log, observed: hostile.log, reasons: [hostile.log], evidence: [hostile.log], figures: { [hostile.name]: 1 } })],
    readouts: [{ title: hostile.log, atS: 1, lines: [hostile.log] }], files: ['javascript:alert(1)', `${hostile.name}.pcapng`, '../../etc/passwd'], replay: hostile.log,
    figures: { [hostile.log]: 2 },
  }),
  result({ scenario: hostile.name, variant: 'skip', verdict: 'skipped', reason: hostile.log }),
  result({ scenario: hostile.name, variant: 'crash', verdict: 'crashed', reason: hostile.log, claims: [] }),
], { runId: hostile.name, command: ['wirewarp', hostile.log], kernels: [{ ...qemu, id: hostile.name, version: hostile.log, reason: hostile.log }] });
