/** Transcripts of which every foreign text tries to be more than text. A seed determines each. */
import type { RunTranscript, TranscriptEntry } from "../../../src/core/index.ts";
import { SeededRandom } from "./seeded-random.ts";

/** In every foreign text, so that a test finds where it went. Nothing of ours contains it. */
export const MARKER = "qXz7foreign";

/** `{m}` is the marker; `{u}` a loopback address at which a test may listen. */
const ATTEMPTS: readonly string[] = [
  "<script>document.title='{m}';fetch('{u}')</script>",
  '</pre></details></li></ol></main><script src="{u}"></script>',
  "<img src={u} onerror=alert('{m}')>",
  '"><svg onload=alert(1)><{m}>',
  "' onmouseover='alert(1)' x='{m}",
  "</title><script>alert('{m}')</script>",
  "</style><style>*{background:url({u})}</style>{m}",
  "<style>@import '{u}';</style>",
  "--></script><!--{m}",
  "<![CDATA[<{m}>]]>",
  "&lt;script&gt;{m}&#60;script&#62;&#x3c;b&#x3e;",
  '<iframe srcdoc="<script>parent.{m}=1</script>">',
  "<meta http-equiv=refresh content='0;url={u}'>{m}",
  "<link rel=stylesheet href={u}><base href={u}>{m}",
  "<form action={u}><input name={m} autofocus onfocus=alert(1)>",
  "<object data={u}></object><embed src={u}>{m}",
  "<template><{m}></template><math><mi xlink:href='javascript:alert(1)'>",
  "javascript:alert('{m}')",
  "data:text/html,<script>alert('{m}')</script>",
  '{u}/{m}?a="><script>alert(1)</script>',
  "https://user:password@example.org/{m}",
  "vbscript:{m}",
  "\u202e{m}\u2066<script>\u2069\u202c",
  "<scr\u0000ipt>alert('{m}')</scr\u200bipt>",
  "\ufeff<\u00ad{m}>",
  "\ud800<{m}>\udc00",
  "```\n# {m}\n<script>{m}</script>\n```",
  "`````html\n<b>{m}</b>\n`````\n~~~\n{m}\n~~~",
  "`{m}``{m}```{m}````",
  "`",
  "\r# {m}\r\n## {m}\n- [x]({u}) ![{m}]({u})",
  "\n\n    {m}\n\n<details open ontoggle=alert(1)>{m}</details>",
  "| {m} | b |\n| --- | --- |\n[{m}]: {u}\n",
  "<http://example.org/{m}> <{m}@example.org>",
  '{"a":"</script><script>{m}","b":["<img src={u} onerror=alert(1)>"]}',
  '{"__proto__":{"{m}":1}}',
  "{m}",
  "",
  " ",
  "\n",
  "<{m} ".repeat(40),
  "&".repeat(60),
  "\u2028{m}\u2029\u0085\u000b\u000c",
  "{{constructor.constructor('alert(1)')()}} <%= {m} %>",
];

const STATES = [
  "queued",
  "running",
  "awaiting_approval",
  "completed",
  "failed",
  "cancelled",
  "timed_out",
  "blocked",
] as const;
const MAX_ENTRIES = 8;

export function hostileTranscript(seed: number, address = "https://127.0.0.1:9/x"): RunTranscript {
  const random = new SeededRandom(seed);
  const text = (): string => {
    const parts = Array.from({ length: random.int(1, 3) }, () => random.pick(ATTEMPTS));
    return parts
      .join(random.pick(["", " ", "\n", "<", "`", '"']))
      .replaceAll("{m}", MARKER)
      .replaceAll("{u}", address);
  };
  const id = () => random.pick(["a", "b", "c", text()]);
  const artifact = () => ({
    id: text(),
    kind: text(),
    ...random.maybe(0.5, () => ({ title: text() })),
    ...random.maybe(0.7, () => ({ uri: text() })),
    ...random.maybe(0.4, () => ({ payload: random.pick<unknown>([text(), { [text()]: text() }, [text()], 7]) })),
    ...random.maybe(0.3, () => ({ sizeBytes: random.magnitude(1, 1e12) })),
  });
  const approval = () => ({ id: id(), tool: text(), ...random.maybe(0.5, () => ({ reason: text() })) });
  const event = (): TranscriptEntry["event"] =>
    random.pick<() => TranscriptEntry["event"]>([
      () => ({ type: "text", text: text() }),
      () => ({ type: "thinking", text: text() }),
      () => ({ type: "tool_call", id: id(), name: text(), arguments: text() }),
      () => ({ type: "tool_result", id: id(), name: text(), content: text(), isError: random.chance(0.5) }),
      () => ({ type: "approval_wait", approvals: [], ...random.maybe(0.5, () => ({ reason: text() })) }),
      () => ({ type: "decision", decision: text() }),
      () => ({ type: "artifact", artifact: artifact() }),
      () => ({ type: "notice", level: random.pick(["info", "warning"] as const), message: text() }),
    ])();
  const entries = Array.from(
    { length: random.int(0, MAX_ENTRIES) },
    (): TranscriptEntry => ({
      event: event(),
      ...random.maybe(0.3, () => ({ tookMs: random.pick([0, 1, 900, 1e9]) })),
      ...random.maybe(0.3, () => ({ about: id() })),
    }),
  );
  const state = random.pick(STATES);
  const isOver = state !== "queued" && state !== "running" && state !== "awaiting_approval";
  const artifacts = Array.from({ length: random.int(0, 3) }, artifact);
  const readAt = 1_790_000_000_000;
  const run = {
    runId: random.pick(["6603de3d-1160-4559-b132-1b2fce9003f5", text()]),
    deploymentId: text(),
    ...random.maybe(0.5, () => ({ url: text() })),
    ...random.maybe(0.5, () => ({ conversationId: text() })),
  };
  const usage = {
    inputTokens: random.magnitude(1, 1e9),
    outputTokens: random.int(0, 9),
    computeUsd: "0.5",
    inferenceUsd: "12",
  };
  return {
    run,
    state,
    readAt,
    entries,
    approvals: Array.from({ length: random.int(0, 2) }, approval),
    artifacts,
    isWhole: random.chance(0.8),
    ...random.maybe(0.7, () => ({
      input: { message: text(), ...random.maybe(0.5, () => ({ inputs: { [text()]: text() } })) },
    })),
    ...random.maybe(0.3, () => ({ detail: text() })),
    ...random.maybe(0.8, () => ({ createdAt: readAt - random.int(0, 100_000) })),
    ...random.maybe(0.8, () => ({ startedAt: readAt - random.int(0, 100_000) })),
    ...random.maybe(0.7, () => ({ usage })),
    ...(isOver ? { endedAt: readAt - random.int(0, 100_000) } : {}),
    ...(isOver
      ? {
          outcome: {
            kind: state,
            run,
            text: text(),
            artifacts,
            approvals: [],
            stopReason: text(),
            ...(state === "completed" ? {} : { error: { message: text(), code: text() } }),
          },
        }
      : {}),
  };
}
