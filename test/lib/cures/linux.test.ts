// Each printed line, read back by the parsers for users' own files, must be the setting that it cures.
import t from 'tap';
import { bondOptions, bridgeOption, bridgeOptions, portOption, type BridgeSetting, type PortSetting } from '../../../lib/cures/linux.ts';
import type { Cure } from '../../../lib/cures/types.ts';
import { type FileText, readPersistent } from '../../../lib/persistent/index.ts';
import { s } from '../../../lib/units.ts';

const indented = (lines: readonly string[]): string => lines.map((line) => `    ${line}\n`).join('');

/** The line in the file for which it is meant; undefined for what is typed at a prompt, save `ip` and sysfs, which a script can hold. */
function fileOf(cure: Cure, bridge: string): FileText | undefined {
  const text = `${cure.lines.join('\n')}\n`;
  switch (cure.where) {
    case 'sysfs': case 'ip': case 'bridge': return { path: '/sbin/ifup-local', executable: true, text: `#!/bin/sh\n[ "$1" = ${bridge} ] || exit 0\n${text}` };
    case 'ifcfg': return { path: `/etc/sysconfig/network-scripts/ifcfg-${bridge}`, text: `DEVICE=${bridge}\nTYPE=Bridge\n${text}` };
    case '/etc/network/interfaces': return { path: '/etc/network/interfaces', text: `auto ${bridge}\niface ${bridge} inet manual\n    bridge_ports none\n${indented(cure.lines)}` };
    case 'udev': return { path: `/etc/udev/rules.d/99-${bridge}.rules`, text };
    case 'systemd-networkd': return { path: `/etc/systemd/network/${bridge}.netdev`, text: `[NetDev]\nName=${bridge}\nKind=bridge\n${text}` };
    case 'NetworkManager': return { path: `/etc/NetworkManager/system-connections/${bridge}.nmconnection`, text: `[connection]\nid=${bridge}\ntype=bridge\ninterface-name=${bridge}\n${text}` };
    default: return undefined;
  }
}

const SETTINGS: BridgeSetting[] = [
  { bridge: 'vmbr0', option: 'mcast_querier', value: true },
  { bridge: 'vmbr0', option: 'mcast_snooping', value: false },
  { bridge: 'br-lan.1', option: 'mcast_querier_interval', value: s(255) },
  { bridge: 'vmbr0', option: 'mcast_query_interval', value: s(60) },
  { bridge: 'br0', option: 'stp_state', value: false },
  { bridge: 'br0', option: 'forward_delay', value: s(0) },
  { bridge: 'br0', option: 'ageing_time', value: s(30) },
];

for (const setting of SETTINGS)
  t.test(`${setting.bridge}: ${setting.option}`, (t) => {
    const cures = bridgeOption(setting);
    const places = new Set(cures.map((cure) => cure.where));
    for (const place of ['sysfs', 'ip', 'ifcfg', '/etc/network/interfaces', 'udev']) t.ok(places.has(place), place);
    if (setting.option === 'mcast_querier') for (const place of ['systemd-networkd', 'NetworkManager']) t.ok(places.has(place), place);
    for (const cure of cures) {
      const file = fileOf(cure, setting.bridge);
      if (!file) { t.fail(`nothing reads ${cure.where}`); continue; }
      const read = readPersistent([file], setting.bridge);
      t.same(read.problems, [], `${cure.where}: ${cure.lines.join(' | ')}`);
      t.same(read.options[setting.option], setting.value, `${cure.where} sets ${setting.option}`);
    }
    t.end();
  });

t.test('several options in one go', (t) => {
  const cures = bridgeOptions('vmbr0', [['mcast_querier', true], ['mcast_querier_interval', s(255)], ['stp_state', false]]);
  for (const cure of cures) {
    const file = fileOf(cure, 'vmbr0');
    const read = readPersistent(file ? [file] : [], 'vmbr0');
    t.same(read.problems, [], `${cure.where}: ${cure.lines.join(' | ')}`);
    t.equal(read.options['mcast_querier'], true, cure.where);
    t.equal(read.options['stp_state'], false, cure.where);
    if (cure.where !== 'systemd-networkd') t.same(read.options['mcast_querier_interval'], s(255), cure.where);
    else t.match(cure.note, /no key for multicast_querier_interval, which udev can set/);
  }
  t.same(cures.find((c) => c.where === 'ifcfg')?.lines, ['STP=no', 'BRIDGING_OPTS="multicast_querier=1 multicast_querier_interval=25500"']);
  t.end();
});

const PORTS: PortSetting[] = [
  { bridge: 'vmbr0', port: 'bob', option: 'mcast_flood', value: true },
  { bridge: 'vmbr0', port: 'bob', option: 'fastleave', value: false },
  { bridge: 'sw', port: 'hv2', option: 'bcast_flood', value: true },
];
for (const setting of PORTS)
  t.test(`${setting.bridge}'s port ${setting.port}: ${setting.option}`, (t) => {
    for (const cure of portOption(setting)) {
      const text = cure.lines.join('\n');
      const file: FileText | undefined =
        cure.where === 'ifcfg' ? { path: `ifcfg-${setting.port}`, text: `DEVICE=${setting.port}\nBRIDGE=${setting.bridge}\n${text}\n` }
        : cure.where === 'systemd-networkd' ? { path: `${setting.port}.network`, text: `[Match]\nName=${setting.port}\n[Network]\nBridge=${setting.bridge}\n${text}\n` }
        : cure.where === '/etc/network/interfaces' ? fileOf(cure, setting.bridge)
        : undefined;
      if (!file) { t.match(text, /bridge link set dev|\/sys\/class\/net\/\w+\/brport\//); continue; }
      const read = readPersistent([file], setting.bridge);
      t.same(read.problems, [], `${cure.where}: ${text}`);
      t.same(read.ports[setting.port]?.[setting.option], setting.value, `${cure.where} sets ${setting.option}`);
    }
    t.end();
  });

t.test('an option that there is not is a fault of ours', (t) => {
  t.throws(() => bridgeOption({ bridge: 'br0', option: 'mcast_querrier', value: true }), /no option mcast_querrier/);
  t.throws(() => portOption({ bridge: 'br0', port: 'p', option: 'mcast_floood', value: true }), /no option/);
  t.end();
});

t.test('a bond', (t) => {
  const cures = bondOptions('bond0', [['arp_interval', '1000'], ['arp_ip_target', '192.0.2.3'], ['arp_validate', 'all']]);
  const of = (where: string): readonly string[] => cures.find((cure) => cure.where === where)?.lines ?? [];
  t.same(of('sysfs')[1], 'echo +192.0.2.3 > /sys/class/net/bond0/bonding/arp_ip_target');
  t.same(of('ifcfg'), ['BONDING_OPTS="arp_interval=1000 arp_ip_target=192.0.2.3 arp_validate=all"']);
  t.same(of('systemd-networkd'), ['[Bond]', 'ARPIntervalSec=1', 'ARPIPTargets=192.0.2.3', 'ARPValidate=all']);
  t.end();
});
