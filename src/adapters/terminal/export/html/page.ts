/** A transcript as one page: no script, nothing from elsewhere, and a policy that lets nothing of either kind in. */
import { createHash } from "node:crypto";
import { withContent } from "../../../../core/index.ts";
import { clipCharacters } from "../../../../support/clip.ts";
import { STATE_WORDS } from "../../runs/run-rows.ts";
import { artifactName, contentOf, linkOf, readable } from "../content.ts";
import { factsOf, type Subject, timeText, warningsOf } from "../facts.ts";
import { spreadOf } from "../spread.ts";
import { storyOf } from "../story.ts";
import { timelineOf } from "../timeline.ts";
import { lanesOf, spreadCharts } from "./charts.ts";
import { html, Markup, shown } from "./markup.ts";
import { code, prose, stepOf } from "./steps.ts";
import { STYLE } from "./style.ts";

const MAX_HEADING_CHARACTERS = 240;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;
const NARROW = new Set(["agent", "started", "took", "queued", "cost", "tokens", "stop reason"]);

export function* pageOf(subject: Subject): Generator<string, void, void> {
  const { transcript, version } = subject;
  const { input, usage, outcome } = transcript;
  const artifacts = withContent(transcript.artifacts);
  const items = storyOf(transcript);
  const timeline = timelineOf(transcript, items);
  const points = spreadOf(transcript, items, timeline);
  yield `${head(subject)}<body><main>\n${top(subject)}`;
  for (const text of warningsOf(subject))
    yield `${html`<p class="warning${outcome?.error ? " bad" : ""}" role="note">${shown(text)}</p>`}\n`;
  yield `${facts(subject)}\n`;
  if (timeline.bars.length > 0)
    yield `${html`<h2>Timeline</h2><div class="card">${lanesOf(timeline)}${legend(transcript)}</div>`}\n`;
  if (usage && points)
    yield `${html`<h2>Cost and tokens</h2>${spreadCharts(usage, points)}<p class="note">Seren Cloud states the totals. In between, computing is spread over the time, and the model over what it wrote.</p>`}\n`;
  if (input?.message !== undefined || input?.inputs !== undefined)
    yield `${html`<h2>Asked</h2><div class="card asked">${prose(input.message ?? "")}${input.inputs === undefined ? undefined : html`<h3>Inputs</h3>${code(readable(JSON.stringify(input.inputs)))}`}</div>`}\n`;
  yield `${html`<h2>What happened</h2>`}<ol class="steps">\n`;
  for (const [index, item] of items.entries())
    yield stepOf(item, timeline.spans[index] ?? { from: 0, to: 0, isStated: false }).toString();
  yield items.length === 0 ? '<li class="k-note">Nothing so far.</li></ol>\n' : "</ol>\n";
  if (artifacts.length > 0)
    yield `${html`<h2>Artifacts</h2><div class="card"><ul class="files">${artifacts.map(artifactRow)}</ul></div>`}\n`;
  yield `${html`<footer>Read at ${timeText(transcript.readAt)} by seren-bridge ${version}. This page has no scripts and loads nothing.</footer>`}</main></body></html>\n`;
}

function head({ transcript }: Subject): Markup {
  const { run, state } = transcript;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark"><title>Run ${run.runId.slice(0, 8)}: ${STATE_WORDS[state]}</title>
<style>${Markup.of(STYLE)}</style></head>
`;
}

function top({ transcript }: Subject): Markup {
  const { run, state, input } = transcript;
  const asked = input?.message?.trimStart().split("\n", 1)[0]?.trim();
  const heading = asked ? clipCharacters(asked, MAX_HEADING_CHARACTERS, "…") : `Run ${run.runId.slice(0, 8)}`;
  return html`<header><div class="top"><span>Seren Cloud run ${run.runId.slice(0, 8)}</span><span class="state ${state}">${STATE_WORDS[state]}</span></div><h1 dir="auto">${shown(heading)}</h1></header>
`;
}

function facts(subject: Subject): Markup {
  const { url } = subject.transcript.run;
  const all = factsOf(subject);
  const rows = [...all.filter(({ name }) => NARROW.has(name)), ...all.filter(({ name }) => !NARROW.has(name))];
  const cells = rows.map(
    ({ name, value }) =>
      html`<div class="${NARROW.has(name) ? "short" : "long"}"><dt>${name}</dt><dd><bdi>${shown(value)}</bdi></dd></div>`,
  );
  const page = url === undefined ? undefined : html`<div class="long"><dt>page</dt><dd>${address(url)}</dd></div>`;
  return html`<dl class="facts">${cells}${page}</dl>`;
}

function legend({ createdAt, startedAt }: Subject["transcript"]): Markup {
  const known =
    createdAt === undefined && startedAt === undefined
      ? "no times of this run"
      : "when the run was created, started and ended";
  return html`<p class="note"><span class="key"></span> as long as Seren Cloud says; <span class="key thin"></span> its order is known, its length is not. Seren Cloud states ${known}, and how long some steps took.</p>`;
}

function artifactRow(artifact: Subject["transcript"]["artifacts"][number]): Markup {
  const content = contentOf(artifact);
  const size = artifact.sizeBytes === undefined ? "" : `, ${artifact.sizeBytes.toLocaleString("en")} bytes`;
  return html`<li><bdi>${shown(artifactName(artifact))}</bdi><span class="kind">${artifact.kind}${size}</span>${artifact.uri === undefined ? undefined : html`<div>${address(artifact.uri)}</div>`}${content === undefined ? undefined : html`<details><summary><div class="line"><span class="peek">content</span></div></summary><div class="body">${code(content)}</div></details>`}</li>`;
}

/** A link for what leads to the web, with the address that it leads to as its text; any other address is text. */
function address(uri: string): Markup {
  const link = linkOf(uri);
  return link === undefined
    ? html`<bdi>${shown(uri)}</bdi>`
    : html`<a href="${link}" rel="noreferrer noopener nofollow"><bdi>${shown(link)}</bdi></a>`;
}
