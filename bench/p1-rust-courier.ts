import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Benchmark, ms, type Row, scaled, times } from "./support/benchmark.ts";
import { Cloud, end, textFrame } from "./support/cloud.ts";
import { Courier } from "./support/courier.ts";
import { baseline, npmBuild, withScratch } from "./support/places.ts";
import { compareStarts } from "./support/start-up.ts";

const RUN_SECONDS = 20;

/** The courier this one follows. `BENCH_RUST_COURIER` names its executable. */
export const rustCourier: Benchmark = {
  id: "P1",
  title: "side by side with the Rust courier",
  rounds: 40,
  async run(options) {
    const rust = process.env.BENCH_RUST_COURIER;
    if (!rust) return [];
    const took = await compareStarts(
      {
        bare: { command: baseline("bare"), mode: "courier" },
        ours: { command: npmBuild("courier"), mode: "courier" },
        rust: { command: [rust], mode: "courier" },
      },
      options.rounds,
      "exit",
    );
    const seconds = scaled(RUN_SECONDS, options);
    const [ours, theirs] = await Promise.all([ourRun(seconds), rustRun(rust, seconds)]);
    const rows: Row[] = [
      {
        what: "one-shot, ours / theirs",
        measured: ms(took.ours),
        baseline: ms(took.rust),
        figure: times(took.ours / took.rust),
      },
      {
        what: "bare Node / theirs",
        measured: ms(took.bare),
        baseline: ms(took.rust),
        figure: times(took.bare / took.rust),
      },
    ];
    const late = ours.first / theirs.first;
    rows.push(
      {
        what: `${seconds} s run, request → first event`,
        measured: ms(ours.first),
        baseline: ms(theirs.first),
        figure: times(late),
      },
      {
        what: `${seconds} s run, run's end → done`,
        measured: ms(ours.after),
        baseline: ms(theirs.after),
        figure: times(ours.after / theirs.after),
      },
    );
    return rows;
  },
};

interface Seen {
  /** Milliseconds from the request to the first event. */
  first: number;
  /** Milliseconds from the end of the remote run to the reply. */
  after: number;
}

/** One turn; `ended` tells when the remote run ended. */
async function turn(courier: Courier, ended: () => number): Promise<Seen> {
  let first = Number.NaN;
  await courier.open();
  const began = performance.now();
  courier.child.onLine = () => {
    if (Number.isNaN(first)) first = performance.now() - began;
  };
  await courier.run();
  const seen = { first, after: performance.now() - ended() };
  await courier.child.end();
  return seen;
}

/** One event a second. */
async function ourRun(seconds: number): Promise<Seen> {
  const cloud = await Cloud.start();
  let ended = Number.NaN;
  cloud.onRun = async (run) => {
    const stream = await run.stream;
    for (let second = 1; second <= seconds; second += 1) {
      stream.write(textFrame(second, "words "));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    ended = performance.now();
    end(stream, run, "completed");
  };
  const seen = await withScratch((folder) => turn(new Courier(npmBuild("courier"), cloud.env(folder)), () => ended));
  await cloud.close();
  return seen;
}

/** The same run under the contract it speaks: one call that answers when all is over. */
async function rustRun(rust: string, seconds: number): Promise<Seen> {
  let ended = Number.NaN;
  const events = Array.from({ length: seconds }, () => ({ content: "words " }));
  const server = createServer(async (request, response) => {
    request.resume();
    const isRun = request.url?.endsWith("/runs");
    if (isRun) await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    if (isRun) ended = performance.now();
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(isRun ? { id: "run-1", events } : { id: "dep-1", status: "running" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const env = { SEREN_API_BASE: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, SEREN_API_KEY: "bench" };
  const seen = await turn(new Courier([rust], env), () => ended);
  server.closeAllConnections();
  server.close();
  return seen;
}
