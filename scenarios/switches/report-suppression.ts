// Report suppression: of all hosts that answer a query, the switch lets one speak for the group. How many reports reach
// the querier, who else hears them, and does every member go on hearing the group?
//
//   alice (sends)   bob, dave, erin, carol (joined)      core (queries when told to)
//        └─────────────────────┴──────┬───────────────────────────┘
//                                    sw
//
//   a Linux bridge                          four: it suppresses nothing, and as a host hears no other host's report,
//                                           nobody keeps quiet. Those of IGMPv3 and MLDv2 reach every port besides
//   like { suppressesReports: 'v1-v2' }     one; of IGMPv3 and MLDv2 four, which a querier of that version wants
//   like { suppressesReports: 'all' }       one of any version
//
// The reports go by the switch's CPU, a process of ours; the bridge still snoops each of them, so no member is lost.
import { type Duration, frame, plus, portOf, type QuerierVersion, s, scenario, signalling, since, type SwitchLike } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { ANSWERED, strictSwitch } from '../topologies/strict-switch.ts';

interface Settings {
  version: QuerierVersion;
  suppresses?: SwitchLike['suppressesReports'];
  /** Reports for the group at the querier's port for each query, and whether other hosts' ports see them too. */
  reports: number;
  elsewhere: boolean;
}
const variant = (settings: Settings): Settings => settings;

/** Time between two queries: their answers do not mix. */
const APART: Duration = s(60);
const ROUNDS = 3;

export default scenario({
  title: 'report suppression',
  cases: ['B3'],
  inDefaultSet: false,
  variants: {
    'linux-igmpv2': variant({ version: 'IGMPv2', reports: 4, elsewhere: false }),
    'linux-igmpv3': variant({ version: 'IGMPv3', reports: 4, elsewhere: true }),
    'linux-mldv2': variant({ version: 'MLDv2', reports: 4, elsewhere: true }),
    'igmpv2': variant({ version: 'IGMPv2', suppresses: 'v1-v2', reports: 1, elsewhere: false }),
    'mldv1': variant({ version: 'MLDv1', suppresses: 'v1-v2', reports: 1, elsewhere: false }),
    'igmpv3-passes': variant({ version: 'IGMPv3', suppresses: 'v1-v2', reports: 4, elsewhere: false }),
    'igmpv3': variant({ version: 'IGMPv3', suppresses: 'all', reports: 1, elsewhere: false }),
    'mldv2': variant({ version: 'MLDv2', suppresses: 'all', reports: 1, elsewhere: false }),
  },
  controls: {
    'linux-said-to-suppress': { ...variant({ version: 'IGMPv2', reports: 1, elsewhere: false }), breaks: 'core: IGMPv2 reports for' },
    'igmpv3-said-to-be-suppressed': { ...variant({ version: 'IGMPv3', suppresses: 'v1-v2', reports: 1, elsewhere: false }), breaks: 'core: IGMPv3 reports for' },
    'suppression-said-to-be-none': { ...variant({ version: 'MLDv1', suppresses: 'v1-v2', reports: 4, elsewhere: false }), breaks: 'core: MLDv1 reports for' },
    'linux-igmpv3-said-to-stay-between': { ...variant({ version: 'IGMPv3', reports: 4, elsewhere: false }), breaks: 'bob: no reports for' },
  },
  diagnosis: {},
  topology: ({ version, suppresses }) => strictSwitch({
    family: version.startsWith('MLD') ? 6 : 4, version, ...(suppresses ? { like: { suppressesReports: suppresses } } : {}),
    hosts: version === 'IGMPv2' ? { igmpVersion: 2 } : version === 'MLDv1' ? { mldVersion: 1 } : {},
  }),
  captures: ({ sw, bob, core }) => [signalling(portOf(sw, core)), signalling(portOf(sw, bob))],

  async story({ sw, alice, bob, carol, dave, erin, core }, { variant: v, expect, capture, now, passes, until, bounds, random, figure }) {
    const group = groupOf(v.version.startsWith('MLD') ? 6 : 4);
    const hosts = [bob, carol, dave, erin];
    // Asked by hand, so that no query falls into another's answers; the bridge believes in core for 255 s.
    await until(core.asks(), plus(bounds.timer('query response interval', core.spec.responseInterval).max, ANSWERED));
    for (const host of hosts) host.joins(group);
    await passes(plus(s(15), REPORTED));
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(1), to: hosts });

    const [atQuerier, atBob] = [capture(portOf(sw, core)), capture(portOf(sw, bob))];
    for (let round = 1; round <= ROUNDS; round++) {
      await passes(s(random()));
      const query = core.asks();
      const answers = since(query, plus(core.spec.responseInterval, s(5)));
      await expect(atQuerier).sees(frame.report(group, undefined, v.version), answers, { atLeast: v.reports, atMost: v.reports });
      // bob's own report is at his port on its way in.
      for (const other of [carol, dave, erin])
        if (v.elsewhere) await expect(atBob).sees(frame.report(group, other), answers, { atLeast: 1, atMost: 1 });
        else await expect(atBob).seesNo(frame.report(group, other), answers);
      await expect(atBob).sees(frame.report(group, bob), answers, { atLeast: 1, atMost: 1 });
      await until(query, APART);
    }
    figure('reportsPerQuery', atQuerier.seen(frame.report(group, undefined, v.version)).filter((f) => f.ns > begun.ns).length / ROUNDS);
    // Beyond what a membership lasts since the joins: each host's answers keep its own port in the switch's table.
    await until(begun, s(300));
    for (const host of hosts) await expect(flow).to(host).continues(since(begun, s(298)));
  },
});
