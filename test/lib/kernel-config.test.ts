import t from 'tap';
import { fragmentText, parseConfig, unstuck } from '../../lib/kernel-config.ts';

const text = '#\n# Linux/um 6.1\n#\nCONFIG_BRIDGE=y\nCONFIG_VETH=m\n# CONFIG_SOUND is not set\nCONFIG_HZ=100\nCONFIG_CON_CHAN="pts"\n';

t.test('a .config', (t) => {
  t.same([...parseConfig(text)], [['BRIDGE', 'y'], ['VETH', 'm'], ['HZ', '100'], ['CON_CHAN', '"pts"']]);
  t.end();
});

t.test('what did not stick is named, with what came out', (t) => {
  const config = parseConfig(text);
  t.same(unstuck({ BRIDGE: 'y', SOUND: 'n', NOT_KNOWN: 'n', HZ: '100' }, config), []);
  t.same(unstuck({ VETH: 'y', BONDING: 'y', BRIDGE: 'n' }, config), [
    { option: 'CONFIG_VETH', wanted: 'y', got: 'm' },
    { option: 'CONFIG_BONDING', wanted: 'y', got: 'n' },
    { option: 'CONFIG_BRIDGE', wanted: 'n', got: 'y' },
  ]);
  t.end();
});

t.test('a fragment as kconfig reads it, and back', (t) => {
  t.equal(fragmentText({ BRIDGE: 'y', SOUND: 'n', HZ: '100' }), 'CONFIG_BRIDGE=y\n# CONFIG_SOUND is not set\nCONFIG_HZ=100\n');
  t.same(unstuck({ BRIDGE: 'y', SOUND: 'n' }, parseConfig(fragmentText({ BRIDGE: 'y', SOUND: 'n' }))), []);
  t.end();
});
