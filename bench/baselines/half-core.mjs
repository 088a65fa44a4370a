/**
 * Holds a process to half a core: it is stopped half of the time, in pieces of 5 ms. A process of its own, because what measures
 * is busy. Usage: node half-core.mjs PID   (until the end of its input, or of the process)
 */
import { setTimeout as sleep } from "node:timers/promises";

const pid = Number(process.argv[2]);
const PIECE_MS = 5;

let isWanted = true;
process.stdin.resume().once("end", () => {
  isWanted = false;
});
const send = (signal) => {
  try {
    process.kill(pid, signal);
  } catch {
    isWanted = false; // it has ended
  }
};
// A timer that was late has taken time from one side; the other gets as much.
for (let stopped = 0, ran = 0; isWanted; ) {
  const began = performance.now();
  send("SIGSTOP");
  await sleep(Math.max(1, PIECE_MS + Math.min(PIECE_MS, ran - stopped)));
  const between = performance.now();
  send("SIGCONT");
  stopped += between - began;
  await sleep(Math.max(1, PIECE_MS + Math.min(PIECE_MS, stopped - ran)));
  ran += performance.now() - between;
}
