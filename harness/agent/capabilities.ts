/** What this kernel can do, found by asking it: each thing is made once in a namespace of no other use. */
import { existsSync } from 'node:fs';
import { CAPABILITIES, type Capability } from '../../lib/capabilities.ts';
import { programOf } from '../../lib/frame-filter.ts';
import { bpfFilterAdd, decodeLink, linkAdd, linkGet, linkSetOptions, type NetlinkRequest, qdiscAdd } from '../../lib/netlink/index.ts';
import { createNamespace } from '../system/native/namespaces.ts';
import { NetlinkSocket } from '../system/native/netlink-socket.ts';

/** What each takes to try, and what must be there first. */
const TRIALS: Readonly<Record<Exclude<Capability, 'snooping' | 'ipv6'>, { request: NetlinkRequest; on?: 'bridge' | 'veth' | 'clsact' }>> = {
  bridge: { request: linkAdd({ kind: 'bridge', name: 'probe-br', index: 10 }) },
  'vlan-filtering': { request: linkSetOptions(10, 'bridge', { vlan_filtering: true }), on: 'bridge' },
  bonding: { request: linkAdd({ kind: 'bond', name: 'probe-bond', index: 11 }) },
  veth: { request: linkAdd({ kind: 'veth', name: 'probe-v0', index: 12, peer: { name: 'probe-v1', index: 13 } }) },
  vlan: { request: linkAdd({ kind: 'vlan', name: 'probe-vlan', index: 14, lower: 12, options: { id: 1 } }), on: 'veth' },
  macvlan: { request: linkAdd({ kind: 'macvlan', name: 'probe-macvlan', index: 15, lower: 12, options: {} }), on: 'veth' },
  netem: { request: qdiscAdd(13, 'netem'), on: 'veth' },
  clsact: { request: qdiscAdd(13, 'clsact'), on: 'veth' },
  cls_bpf: { request: bpfFilterAdd({ index: 13, direction: 'egress', priority: 1, program: programOf({ rule: 'multicast-limit', ipBytes: 1500 }) }), on: 'clsact' },
  dummy: { request: linkAdd({ kind: 'dummy', name: 'probe-dummy', index: 16 }) },
};

/** Of those asked for, the missing ones with the kernel's answer. */
export function probeCapabilities(asked: readonly Capability[] = CAPABILITIES): { present: Capability[]; missing: Partial<Record<Capability, string>> } {
  using namespace = createNamespace();
  using netlink = new NetlinkSocket(namespace.fd);
  const answers = new Map<Capability, string | undefined>();
  /** The kernel's words of refusal; undefined where it can. */
  const answer = (capability: Capability): string | undefined => {
    if (!answers.has(capability)) answers.set(capability, ask(capability));
    return answers.get(capability);
  };
  const ask = (capability: Capability): string | undefined => {
    if (capability === 'ipv6') return existsSync('/proc/sys/net/ipv6') ? undefined : 'there is no /proc/sys/net/ipv6';
    if (capability === 'snooping') {
      if (answer('bridge') !== undefined) return 'there is no bridge';
      return 'mcast_snooping' in (netlink.get(linkGet(10), decodeLink).options ?? {}) ? undefined : 'the bridge has no multicast options';
    }
    const { request, on } = TRIALS[capability];
    if (on !== undefined && answer(on) !== undefined) return `there is no ${on} to try it on`;
    try {
      netlink.request([request]);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const missing: Partial<Record<Capability, string>> = {};
  for (const capability of asked) {
    const refusal = answer(capability);
    if (refusal !== undefined) missing[capability] = refusal;
  }
  return { present: asked.filter((c) => !(c in missing)), missing };
}
