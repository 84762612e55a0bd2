/** A sweep on the page: each story's seeds, the distribution of its figure, and the seed to look at. */
import type { Bin, SweepRecord, SweptRecord } from '../record.ts';
import { seedsText } from '../sweep/seeds.ts';
import { type Markup, markup } from './markup.ts';
import { binName, measuredText, quantiles, standingText } from './sweep.ts';
import { oneLine, plural } from './text.ts';

export function sweepSection({ seeds, stories }: SweepRecord): Markup {
  return markup`<h2>${plural(seeds.length, 'seed')}</h2>
${stories.map(storyCard)}`;
}

function storyCard(story: SweptRecord): Markup {
  const { scenario, variant, control, kernel, figure, distribution, smallestUnexpected: smallest, unexpectedSeeds } = story;
  return markup`<div class="result sweep ${smallest ? 'unexpected' : story.asExpected > 0 ? 'as-expected' : 'skipped'}"><div class="body">
<h3>${oneLine(`${scenario}: ${variant}`)}</h3>${control && markup` <span class="badge control">negative control</span>`} <span class="faint">on ${oneLine(kernel)}</span>
<p class="${smallest ? 'bad' : 'good'}">${standingText(story)}</p>
${figure !== undefined && distribution && markup`<h4>${measuredText(figure)}</h4>
${histogramSvg(distribution.bins)}
<table class="quantiles"><thead><tr>${quantiles(distribution).map(([name]) => markup`<th class="number">${name}</th>`)}</tr></thead><tbody><tr>${quantiles(distribution).map(([, value]) => markup`<td class="number">${value}</td>`)}</tr></tbody></table>
${distribution.count < story.seeds && markup`<p class="faint">Measured with ${plural(distribution.count, 'seed')}.</p>`}`}
${smallest && markup`<p>The smallest seed that fails is <strong>${smallest.seed}</strong> (${smallest.verdict})${unexpectedSeeds.length > 1 && `; all that fail: ${seedsText(unexpectedSeeds)}`}. The command that repeats it:</p><pre class="command">${oneLine(smallest.replay)}</pre>`}
</div></div>
`;
}

const [nameRight, barLeft, barRight, step] = [150, 160, 560, 22];

function histogramSvg(bins: readonly Bin[]): Markup {
  const most = Math.max(...bins.map(({ count }) => count));
  const wide = (count: number): number => (count === 0 ? 0 : Math.max(2, Math.round((count / most) * (barRight - barLeft))));
  const words = bins.map((bin) => `${binName(bin)}: ${bin.count}`).join('; ');
  return markup`<svg class="histogram" viewBox="0 0 720 ${bins.length * step + 4}" role="img" aria-label="${words}">
${bins.map((bin, i) => {
    const { count, unexpected } = bin;
    const y = i * step + 3;
    const bad = wide(unexpected);
    const good = Math.max(count > unexpected ? 2 : 0, wide(count) - bad);
    return markup`<text class="name" x="${nameRight}" y="${y + 13}">${binName(bin)}</text>${good > 0 && markup`<rect class="good" x="${barLeft}" y="${y}" width="${good}" height="17"/>`}${bad > 0 && markup`<rect class="bad" x="${barLeft + good}" y="${y}" width="${bad}" height="17"/>`}${count > 0 && markup`<text class="count" x="${barLeft + good + bad + 8}" y="${y + 13}">${count}${unexpected > 0 && `, ${unexpected} not as expected`}</text>`}
`;
  })}</svg>`;
}
