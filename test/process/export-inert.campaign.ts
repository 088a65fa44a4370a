/** Exported pages in a real browser: hostile transcripts stay text. No script runs, nothing is asked for, no dialog, no element. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { documentOf } from "../../src/adapters/terminal/export/index.ts";
import { Chromium, findChromium } from "../support/child-process/chromium.ts";
import { drawn } from "../support/every.ts";
import { hostileTranscript, MARKER } from "../support/in-process/hostile-transcript.ts";

const FIRST = Number(process.env.EXPORT_SEED ?? 1);
/** All of them take some five minutes. */
const PAGES = drawn(300, 5_000);
/** Pages that are looked at together, in frames of one page. */
const BATCH = 100;

/** Runs in the page with the frames. Returns what in them is not ours. */
const INSPECT = `(() => {
  const ours = new Set("html head body main meta title style header h1 h2 h3 p dl div dt dd bdi b i span svg rect text path ol ul li pre details summary strong footer a".split(" "));
  const names = new Set("class role dir height width x y rx d viewbox preserveaspectratio text-anchor aria-hidden lang charset http-equiv content name href rel open".split(" "));
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument;
    const bad = (what) => found.push(frame.src + ": " + what);
    if (!page || !page.querySelector("footer")) bad("it is not whole");
    if (frame.contentWindow.${MARKER} !== undefined || page.title.includes("${MARKER}")) bad("a script ran");
    for (const element of page.querySelectorAll("*")) {
      const name = element.localName.toLowerCase();
      const isTooltip = name === "title" && element.closest("svg");
      if (!ours.has(name) && !isTooltip) bad("<" + name + ">");
      for (const { name, value } of element.attributes) {
        if (!names.has(name.toLowerCase())) bad(name + "=");
        if (name === "href" && !/^https?:$/.test(element.protocol)) bad(value);
        if (name !== "href" && value.includes("${MARKER}")) bad(name + "=" + value);
      }
    }
  }
  return found.slice(0, 20);
})()`;

const chromium = findChromium();
if (chromium === undefined) test.skip("there is no Chromium here; install it to run this", () => undefined);

describe.runIf(chromium !== undefined)("in Chromium", () => {
  let pageOf: (seed: number, address: string) => string;
  beforeAll(() => {
    pageOf = (seed, address) => {
      const document = documentOf("html", {
        transcript: hostileTranscript(seed, address),
        agent: MARKER,
        version: "0",
      });
      return "text" in document ? [...document.text].join("") : "";
    };
  });

  /** Serves pages by seed, and notes whatever else is asked for. */
  async function serve(page: (seed: number, address: string) => string) {
    const asked: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      const [, kind, from = "", to = ""] = url.split("/");
      const { port } = server.address() as AddressInfo;
      if (kind !== "frames" && kind !== "page" && url !== "/favicon.ico") asked.push(url);
      const frames = () =>
        Array.from(
          { length: Number(to) - Number(from) },
          (_, at) => `<iframe src="/page/${Number(from) + at}"></iframe>`,
        );
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(
        kind === "frames"
          ? frames().join("")
          : kind === "page"
            ? page(Number(from), `http://127.0.0.1:${port}/hit`)
            : "",
      );
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { asked, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  /** Opens all pages from one seed to another. Returns what is wrong with them. */
  async function visit(page: (seed: number, address: string) => string, { from, to }: { from: number; to: number }) {
    const { asked, origin } = await serve(page);
    const browser = new Chromium(chromium ?? "");
    const call = await browser.page();
    for (const domain of ["Page", "Network", "Log", "Runtime"]) await call(`${domain}.enable`);
    const wrong: unknown[] = [];
    for (let first = from; first < to; first += BATCH) {
      const since = browser.events.length;
      const loaded = browser.next(
        ({ method }) => method === "Page.loadEventFired" || method === "Page.javascriptDialogOpening",
      );
      await call("Page.navigate", { url: `${origin}/frames/${first}/${Math.min(to, first + BATCH)}` });
      const { method } = await loaded;
      if (method === "Page.javascriptDialogOpening") return [...wrong, method];
      const { result } = await call<{ result: { value?: string[] } }>("Runtime.evaluate", {
        expression: INSPECT,
        returnByValue: true,
      });
      wrong.push(...(result.value ?? ["it could not be looked at"]));
      for (const { method, params } of browser.events.slice(since)) {
        if (method === "Log.entryAdded" || method === "Runtime.exceptionThrown") wrong.push(params);
        const address: string = method === "Network.requestWillBeSent" ? params.request.url : origin;
        if (!address.startsWith(origin)) wrong.push(address);
      }
    }
    return [...wrong, ...asked];
  }

  test(`${PAGES} hostile transcripts stay inert (seeds from ${FIRST})`, { timeout: 1_200_000 }, async () => {
    expect(await visit(pageOf, { from: FIRST, to: FIRST + PAGES })).toEqual([]);
  });

  const unescaped = (seed: number, address: string) =>
    pageOf(seed, address)
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'");
  const withoutPolicy = (page: string) => page.replace(/<meta http-equiv[^>]*>/, "");

  test("what is not escaped is seen", { timeout: 120_000 }, async () => {
    const wrong = await visit((seed, address) => withoutPolicy(unescaped(seed, address)), { from: 1, to: 1 + BATCH });
    expect(wrong.length).toBeGreaterThan(0);
  });

  test("and even then the policy lets no script run and nothing be asked for", { timeout: 120_000 }, async () => {
    // Where a page leads to by itself no policy forbids.
    const page = (seed: number, address: string) => unescaped(seed, address).replaceAll("http-equiv=refresh", "");
    const { asked, origin } = await serve(page);
    const browser = new Chromium(chromium ?? "");
    const call = await browser.page();
    for (const domain of ["Page", "Runtime"]) await call(`${domain}.enable`);
    for (let seed = 1; seed <= BATCH; seed += 1) {
      const loaded = browser.next(({ method }) => method === "Page.loadEventFired");
      await call("Page.navigate", { url: `${origin}/page/${seed}` });
      await loaded;
    }
    const dialogs = browser.events.filter(({ method }) => method === "Page.javascriptDialogOpening");
    expect({ asked, dialogs }).toEqual({ asked: [], dialogs: [] });
  });
});
