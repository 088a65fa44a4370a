/** How the page looks: in light and dark, on a phone and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fbfbfa;--card:#fff;--ink:#1c1d20;--soft:#63666d;--faint:#8c9098;--line:#e4e4e1;--well:#f4f4f1;
--queue:#a3a7ae;--model:#5b5bd6;--tools:#0d8a72;--approvals:#c67a00;--bad:#c62f35;--badwell:#fdf0ef;--warn:#8a5a00;--warnwell:#fdf6e3;--good:#217a43}
@media (prefers-color-scheme:dark){:root{--paper:#131416;--card:#1b1c1f;--ink:#e9e9e6;--soft:#a4a7ae;--faint:#7b7f87;--line:#2e3034;--well:#232428;
--queue:#6c7078;--model:#8b8bf0;--tools:#3dbd9f;--approvals:#e8a33d;--bad:#f2696e;--badwell:#331d1f;--warn:#e9bd6b;--warnwell:#2e2716;--good:#5fc687}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:58rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.6rem;line-height:1.25;font-weight:650;letter-spacing:-.015em;margin:.35rem 0 1rem;overflow-wrap:anywhere;
display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden}
h2{font-size:.8rem;font-weight:650;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:2.4rem 0 .7rem}
h3{font-size:.75rem;font-weight:600;color:var(--soft);margin:.9rem 0 .3rem}
p{margin:.5rem 0}
a{color:inherit;text-decoration-color:var(--faint);text-underline-offset:.2em}
.top{display:flex;align-items:center;gap:.6rem;color:var(--soft);font-size:.85rem}
.state{border-radius:99px;padding:.1rem .65rem;font-weight:600;font-size:.8rem;border:1px solid currentColor;color:var(--model)}
.state.completed{color:var(--good)}.state.failed,.state.blocked,.state.timed_out{color:var(--bad)}.state.awaiting_approval{color:var(--approvals)}.state.cancelled{color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:.75rem 2.4rem;margin:0}
.facts div{min-width:0}.facts .long{flex:1 0 100%;display:flex;gap:.75rem;align-items:baseline;margin-top:-.35rem}
.long dt{flex:0 0 6.5rem}
dt{font-size:.75rem;color:var(--faint)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.facts .long dd{font:.8rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.1rem}
.warning{background:var(--warnwell);color:var(--warn);border-radius:10px;padding:.6rem .9rem;margin:.6rem 0;overflow-wrap:anywhere}
.warning.bad{background:var(--badwell);color:var(--bad)}
.lanes{display:grid;grid-template-columns:5.2rem 1fr;gap:.3rem .6rem;align-items:center;font-size:.8rem;color:var(--soft)}
.lanes svg,.track{display:block;width:100%;overflow:visible}
.lanes .axis{color:var(--faint)}
svg text{fill:currentColor;font:11px system-ui,sans-serif;font-variant-numeric:tabular-nums}
.rail{fill:var(--well)}.grid{stroke:var(--line)}
.queue{fill:var(--queue)}.model{fill:var(--model)}.tools{fill:var(--tools)}.approvals{fill:var(--approvals)}.failed rect,rect.failed{fill:var(--bad)}
.guess{opacity:.45}
.note{color:var(--faint);font-size:.8rem;margin:.7rem 0 0}
.key{display:inline-block;width:1.5rem;height:.6rem;border-radius:3px;background:var(--model);vertical-align:baseline}.key.thin{opacity:.45}
.charts{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
.chart svg{display:block;width:100%;height:84px;margin-top:.6rem}
.chart strong{display:block;font-size:1.35rem;font-weight:650;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
.chart span{color:var(--soft);font-size:.8rem}
.chart .dot{display:inline-block;width:.6rem;height:.6rem;border-radius:3px;margin:0 .3rem 0 0}
.dot.d1{background:var(--model)}.dot.d2{background:var(--tools)}
.dot.d2~.dot{margin-left:.8rem}
.a1{fill:var(--model);opacity:.85}.a2{fill:var(--tools);opacity:.85}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4;unicode-bidi:plaintext}
pre.code{font:.8rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--well);border-radius:8px;padding:.7rem .8rem;max-height:30rem;overflow:auto}
pre.prose{font:inherit}.asked pre.prose{max-height:24rem;overflow:auto}
.steps{list-style:none;margin:0;padding:0}
.steps>li{position:relative;padding:0 0 .9rem 1.5rem}
.steps>li::before{content:"";position:absolute;left:.3rem;top:1.1rem;bottom:-.35rem;width:1px;background:var(--line)}
.steps>li:last-child::before{display:none}
.steps>li::after{content:"";position:absolute;left:.02rem;top:.45rem;width:.6rem;height:.6rem;border-radius:99px;background:var(--queue);box-shadow:0 0 0 3px var(--paper)}
.steps>.k-text::after,.steps>.k-thinking::after{background:var(--model)}.steps>.k-tool::after{background:var(--tools)}
.steps>.k-approval::after{background:var(--approvals)}.steps>.is-bad::after{background:var(--bad)}
.k-text>.card{margin-top:-.1rem}
.k-note{color:var(--soft);overflow-wrap:anywhere}.k-note.is-bad{color:var(--bad)}
summary{cursor:pointer;list-style:none;border-radius:8px}
summary::-webkit-details-marker{display:none}
summary:focus-visible,a:focus-visible{outline:2px solid var(--model);outline-offset:2px}
.line{display:flex;gap:.6rem;align-items:baseline;min-width:0}
.line b{font-weight:600;flex:0 0 auto;max-width:60%;overflow-wrap:anywhere}
.k-tool .line b{font:600 .85rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.line .peek{flex:1 1 0;min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;color:var(--faint);font-size:.85rem}
.line .took{flex:0 0 auto;color:var(--soft);font-size:.8rem;font-variant-numeric:tabular-nums}
.line .took.is-bad{color:var(--bad);font-weight:600}
.line::after{content:"";flex:0 0 auto;width:.4rem;height:.4rem;border:solid var(--faint);border-width:0 1.5px 1.5px 0;transform:rotate(45deg) translateY(-.15rem);margin:0 .15rem}
details[open]>summary .line::after{transform:rotate(225deg) translate(-.1rem,-.05rem)}
details[open]>summary .peek{visibility:hidden}
.body{margin:.5rem 0 .3rem}
.track{height:5px;margin:.3rem 0 .1rem}
.u{color:var(--bad);font-size:.85em;opacity:.85}
.files{list-style:none;margin:0;padding:0}.files li{padding:.6rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}.files li:first-child{border:0}
.files .kind{color:var(--faint);font-size:.8rem;margin-left:.5rem}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--faint);font-size:.8rem}
bdi{unicode-bidi:isolate}
@media (max-width:34rem){main{padding:1.4rem 1rem 3rem}h1{font-size:1.3rem}.charts{grid-template-columns:1fr}
.lanes{grid-template-columns:1fr;gap:.15rem}.long dt{flex-basis:5.5rem}.card{padding:.85rem .9rem}}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--faint:#666;--line:#ccc;--well:#f4f4f4;--queue:#999;--model:#5b5bd6;--tools:#0d8a72;--approvals:#c67a00;--bad:#b3262c;--badwell:#fff;--warn:#5f3e00;--warnwell:#fff;--good:#217a43}
body{font-size:10.5pt}main{max-width:none;padding:0}h1{-webkit-line-clamp:none;display:block}pre.code,.asked pre.prose{max-height:none;overflow:visible}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
details::details-content{content-visibility:visible;block-size:auto;display:block}details:not([open])>summary .peek{visibility:hidden}
.line::after{display:none!important}h2,summary{break-after:avoid}svg,.chart{break-inside:avoid}}
`.trim();
