/** The steps of a run, in order; tools and thoughts fold. */
import { duration } from "../../screen/format.ts";
import { artifactName, decisionWord, readable } from "../content.ts";
import type { Item, Tool, Wait } from "../story.ts";
import type { Timeline } from "../timeline.ts";
import { isBad, trackOf } from "./charts.ts";
import { html, type Markup, shown } from "./markup.ts";

/** Characters of what a folded step has inside. A line has no room for more. */
const PEEK = 200;

export function stepOf(item: Item, span: Timeline["spans"][number]): Markup {
  const isWarning = item.kind === "note" && item.level === "warning";
  return html`<li class="k-${item.kind}${isBad(item) || isWarning ? " is-bad" : ""}">${bodyOf(item, span)}</li>\n`;
}

function bodyOf(item: Item, span: Timeline["spans"][number]): Markup {
  switch (item.kind) {
    case "text":
      return html`<div class="card">${prose(item.text)}</div>`;
    case "thinking": {
      const summary = html`<b>Thought</b>${peek(item.text)}${took(item.tookMs)}`;
      return folded(summary, trackOf(item, span), prose(item.text));
    }
    case "tool":
      return folded(toolLine(item), trackOf(item, span), toolBody(item));
    case "approval":
      return html`<div><b>${approvalWords(item)}</b></div>${item.reason === undefined ? undefined : html`<p><bdi>${shown(item.reason)}</bdi></p>`}${trackOf(item, span)}`;
    case "artifact":
      return html`Artifact <bdi>${shown(artifactName(item.artifact))}</bdi>`;
    case "note":
      return html`<bdi>${shown(item.text)}</bdi>`;
  }
}

function toolLine(tool: Tool): Markup {
  const { name, result, tookMs } = tool;
  const end = result === undefined ? html`<span class="took">not finished</span>` : undefined;
  const failed = result?.isError ? html`<span class="took is-bad">failed</span>` : undefined;
  return html`<b><bdi>${shown(name)}</bdi></b>${peek(tool.arguments ?? "")}${failed}${end}${took(tookMs)}`;
}

function toolBody({ arguments: given, result }: Tool): Markup {
  const asked = given === undefined ? undefined : html`<h3>Arguments</h3>${code(readable(given))}`;
  return html`${asked}${result && html`<h3>${result.isError ? "Error" : "Result"}</h3>${code(readable(result.content))}`}`;
}

function approvalWords({ tool, decision }: Wait): Markup {
  const what = tool === undefined ? undefined : html` of <bdi>${shown(tool)}</bdi>`;
  return decision === undefined
    ? html`Waits for an approval${what}`
    : html`Approval${what}: <bdi>${shown(decisionWord(decision))}</bdi>`;
}

function folded(summary: Markup, track: Markup, inside: Markup): Markup {
  return html`<details><summary><div class="line">${summary}</div>${track}</summary><div class="body">${inside}</div></details>`;
}

function took(ms: number | undefined): Markup | undefined {
  return ms === undefined ? undefined : html`<span class="took">${duration(ms)}</span>`;
}

function peek(text: string): Markup {
  return html`<span class="peek"><bdi>${shown(text.slice(0, PEEK).replace(/\s/g, " "))}</bdi></span>`;
}

export function prose(text: string): Markup {
  return html`<pre class="prose" dir="auto">\n${shown(text)}</pre>`;
}

export function code(text: string): Markup {
  return html`<pre class="code" dir="auto">\n${shown(text)}</pre>`;
}
