import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FIRST_ASK } from "./support/asks.ts";
import { type Benchmark, scaled } from "./support/benchmark.ts";
import { Cloud, end, textFrame } from "./support/cloud.ts";
import { Courier } from "./support/courier.ts";
import { baseline, npmBuild, withScratch } from "./support/places.ts";
import { ratioRow } from "./support/rows.ts";
import { compareStarts } from "./support/start-up.ts";
import { ms } from "./support/units.ts";

const RUN_SECONDS = 20;

/** The courier this one follows. `BENCH_RUST_COURIER` names its executable. */
export const rustCourier: Benchmark = {
  id: "P1",
  title: "side by side with the Rust courier",
  rounds: 40,
  async run(options) {
    const rust = process.env.BENCH_RUST_COURIER;
    if (!rust) return [];
    const asks = [FIRST_ASK.courier];
    const took = await compareStarts(
      {
        bare: { command: baseline("bare"), asks },
        ours: { command: npmBuild("courier"), asks },
        rust: { command: [rust], asks },
      },
      options.rounds,
      "exit",
    );
    const seconds = scaled(RUN_SECONDS, options);
    const [ours, theirs] = await Promise.all([ourRun(seconds), rustRun(rust, seconds)]);
    const at = `${seconds} s run`;
    return [
      ratioRow({ what: "one-shot, ours / theirs", ours: took.ours, base: took.rust, show: ms }),
      ratioRow({ what: "bare Node / theirs", ours: took.bare, base: took.rust, show: ms }),
      ratioRow({ what: `${at}, request → first event`, ours: [ours.first], base: [theirs.first], show: ms }),
      ratioRow({ what: `${at}, run's end → done`, ours: [ours.after], base: [theirs.after], show: ms }),
    ];
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
