/** The page's style sheet: the reader's light or dark, and paper. Colour is never the only sign. */
export const style = `
:root { color-scheme: light dark;
  --page: #f7f7f4; --card: #ffffff; --ink: #1b1f24; --faint: #59626c; --line: #d8dce0; --code: #f1f2ef;
  --good: #176f31; --bad: #b3261e; --caution: #815200; --accent: #0b5cad;
  --good-soft: #dff1e3; --bad-soft: #fbe3e1; --caution-soft: #f7ebd2; --skip-soft: #e9ebed; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171a; --card: #1c2024; --ink: #e4e7ea; --faint: #9ca6b0; --line: #333a41; --code: #15181b;
  --good: #63c97f; --bad: #ff8a80; --caution: #e3b05a; --accent: #7fb8f5;
  --good-soft: #1b3322; --bad-soft: #43201f; --caution-soft: #3a2e17; --skip-soft: #2a3036; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 34px 0 10px; }
h3 { font-size: 16px; margin: 0; display: inline; overflow-wrap: anywhere; }
h4 { font-size: 15px; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 4px 0; overflow-wrap: anywhere; }
a { color: var(--accent); }
code, pre, .mono { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 13px; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 5px; padding: 8px 10px; margin: 4px 0; overflow-x: auto; line-height: 1.45; }
pre.command { user-select: all; white-space: pre-wrap; overflow-wrap: anywhere; }
.faint { color: var(--faint); }
.good { color: var(--good); } .bad { color: var(--bad); }
.banner { background: var(--caution-soft); color: var(--caution); border-left: 4px solid var(--caution); padding: 8px 12px; margin: 12px 0; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 7px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 7px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { font-size: 12.5px; color: var(--faint); font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.figures { min-width: 15em; overflow-wrap: break-word; }
td.name { min-width: 15em; overflow-wrap: break-word; } td.variant { min-width: 8.5em; overflow-wrap: break-word; }
td.kernel { min-width: 12.5em; font-size: 13px; color: var(--faint); overflow-wrap: break-word; }
tr.unexpected td:first-child { box-shadow: inset 4px 0 0 var(--bad); }
tr.skipped td { color: var(--faint); }
.badge { display: inline-block; white-space: nowrap; border-radius: 4px; padding: 0 7px; font-size: 13px; font-weight: 600; line-height: 1.6; }
.badge.as-expected { background: var(--good-soft); color: var(--good); }
.badge.unexpected { background: var(--bad-soft); color: var(--bad); }
.badge.errored { background: var(--caution-soft); color: var(--caution); }
.badge.skipped { background: var(--skip-soft); color: var(--faint); }
.badge.control { background: none; border: 1px dashed currentColor; color: var(--faint); font-weight: 500; }
.result { background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--good); border-radius: 7px; margin: 12px 0; }
.result.unexpected { border-left-color: var(--bad); } .result.skipped { border-left-color: var(--line); }
.result > summary { padding: 10px 16px; cursor: pointer; }
.result > summary .deciding { color: var(--faint); margin-left: 6px; }
.body { padding: 0 16px 14px; }
.claim { border-top: 1px solid var(--line); padding: 12px 0 4px; margin-top: 12px; }
dl { display: grid; grid-template-columns: 8.5em 1fr; gap: 2px 14px; margin: 6px 0; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
dd ul { margin: 0; padding-left: 18px; }
.observed-bad { color: var(--bad); font-weight: 600; }
svg.line { display: block; width: 100%; max-width: 720px; height: auto; margin: 8px 0 4px; }
svg text { font: 11px system-ui, "DejaVu Sans", sans-serif; text-anchor: middle; fill: var(--faint); }
svg .axis { stroke: var(--faint); stroke-width: 1; }
svg .window { fill: var(--accent); fill-opacity: .2; }
svg .bound { stroke: var(--accent); stroke-width: 1.5; fill: none; } svg text.bound { stroke: none; fill: var(--accent); }
svg.histogram { display: block; width: 100%; max-width: 720px; height: auto; margin: 8px 0 4px; }
svg.histogram text { font-size: 12px; font-variant-numeric: tabular-nums; } svg.histogram .name { text-anchor: end; } svg.histogram .count { text-anchor: start; fill: var(--ink); }
svg.histogram rect.good { fill: var(--good); fill-opacity: .75; } svg.histogram rect.bad { fill: var(--bad); stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 2; }
.sweep .body { padding-top: 12px; } .sweep h4 { margin-top: 12px; }
table.quantiles { width: auto; } table.quantiles td, table.quantiles th { padding: 3px 12px; border: 0; }
table.grid td.sign { font-weight: 700; text-align: center; width: 2em; } table.grid .value { white-space: nowrap; margin-left: 4px; } table.grid a.badge { text-decoration: none; }
tr.differs-verdict td { background: var(--bad-soft); } tr.differs-verdict td.sign { color: var(--bad); }
tr.differs-figure td { background: var(--caution-soft); } tr.differs-figure td.sign { color: var(--caution); }
tr.differs-verdict .badge, tr.differs-figure .badge { background: var(--card); }
tr.differs-no td { color: var(--faint); } tr.differs-no td.name strong { font-weight: 500; }
svg.held { --mark: var(--good); } svg.broken { --mark: var(--bad); } svg.errored { --mark: var(--caution); }
/* Held in a control that must break. */
.claim.unexpected svg.held { --mark: var(--bad); }
/* In a control that broke as it must, red would cry wolf. */
.claim.as-expected svg.broken { --mark: var(--ink); }
svg path.at { stroke: var(--mark); stroke-width: 2; } svg circle.at { fill: var(--mark); }
svg text.at { fill: var(--mark); font-weight: 600; }
.finding { border-left: 3px solid var(--accent); padding: 2px 0 2px 12px; margin: 12px 0; }
.finding p { max-width: 75ch; }
.finding summary { cursor: pointer; color: var(--accent); width: fit-content; }
.finding .affects { margin: 6px 0; padding-left: 18px; color: var(--faint); }
.badge.sure { border: 1px solid currentColor; color: var(--faint); font-weight: 500; font-size: 12px; }
.evidence { margin: 6px 0; } .evidence td { padding: 2px 10px 2px 0; border: 0; font-size: 13px; overflow-wrap: anywhere; } .evidence .source { white-space: nowrap; color: var(--faint); }
.cure { margin: 8px 0; }
.readout { margin: 10px 0; }
.files { list-style: none; padding: 0; margin: 0; }
@media (max-width: 640px) { main { padding: 16px 10px; } dl { grid-template-columns: 1fr; } dt { margin-top: 6px; } }
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --faint: #444; --line: #bbb; --code: #fff; --good: #176f31; --bad: #b3261e; --caution: #815200; --accent: #0b5cad;
    --good-soft: #fff; --bad-soft: #fff; --caution-soft: #fff; --skip-soft: #fff; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .badge { border: 1px solid currentColor; } .claim, tr, svg { break-inside: avoid; }
  .scroll { overflow: visible; }
  /* Paper cannot be unfolded. */
  details::details-content { content-visibility: visible; block-size: auto; display: block; }
}
`;
