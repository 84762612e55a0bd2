import t from 'tap';
import { figureText, num, protocolTime, ratio, wallTime } from '../../../lib/render/figures.ts';
import { escapeMarkup, markup, trusted } from '../../../lib/render/markup.ts';
import { oneLine, shorten, visible, width, wrap } from '../../../lib/render/text.ts';

t.test('control characters become visible, text stays', (t) => {
  t.equal(visible('\x1b[31mred\x07\x00\x7f'), '^[[31mred^G^@^?');
  t.equal(visible('a\r\nb\tc\r'), 'a\nb\tc', 'a console ends its lines with CR LF');
  t.equal(visible('a\rb'), 'a^Mb', 'a lone carriage return overwrites on a terminal');
  t.equal(visible('x\u202Ey\u0085\u2028'), 'x<U+202E>y<U+0085><U+2028>');
  t.equal(visible('\ud800 😀 grüße'), '\ufffd 😀 grüße', 'a lone surrogate goes, a pair stays');
  t.equal(oneLine(' a\n\n b\t'), 'a b');
  t.end();
});

t.test('widths are terminal columns', (t) => {
  t.equal(width('网桥'), 4);
  t.equal(shorten('网桥abc', 5), '网桥…');
  t.equal(shorten('abc', 3), 'abc');
  t.same(wrap('one two  three', 7), ['one two', 'three']);
  t.same(wrap('/a/very/long/path x', 5), ['/a/very/long/path', 'x'], 'a path is not torn');
  t.end();
});

t.test('a figure\'s unit is the end of its name', (t) => {
  t.equal(figureText('outageS', 261.2), '261.2 s outage');
  t.equal(figureText('lostDatagrams', 12), '12 lost datagrams');
  t.equal(figureText('stoppedAfterS', 261.2), 'stopped after 261.2 s');
  t.equal(figureText('worstLatencyMs', 2.1006), '2.101 ms worst latency');
  t.equal(figureText('floodBitsPerS', 5e6), '5000000 bits/s flood');
  t.equal(figureText('framesPerS', 12), '12 frames/s');
  t.equal(figureText('lossPercent', 0.5), '0.5 % loss');
  t.equal(figureText('s', 3), '3 s', 'a name that is only a unit stays a name');
  t.end();
});

t.test('numbers and times', (t) => {
  t.equal(num(261.38400000000001), '261.384');
  t.equal(num(0.00000123), '0.0000012');
  t.equal(num(Infinity), '∞');
  t.equal(num(NaN), 'unknown');
  t.equal(protocolTime(276.3841), '276.4 s');
  t.equal(wallTime(0.034), '0.03 s');
  t.equal(wallTime(119.99), '2 min 00 s', 'never "120 s" beside "2 min"');
  t.equal(wallTime(7500), '2 h 05 min');
  t.equal(ratio(935, 12.3), '×76');
  t.equal(ratio(935, 0), '');
  t.end();
});

t.test('markup escapes what goes in, and only that', (t) => {
  t.equal(escapeMarkup('<a b="c">&\'\x1b'), '&lt;a b=&quot;c&quot;&gt;&amp;&#39;^[');
  t.equal(markup`<b>${'<i>'}${markup`<u>${1}</u>`}${['&', undefined, false]}${trusted('<hr>')}</b>`.text, '<b>&lt;i&gt;<u>1</u>&amp;<hr></b>');
  t.end();
});
