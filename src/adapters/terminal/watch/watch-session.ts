/** `watch` on a terminal: refreshes the list and performs the action of the key that was pressed. */
import { generalAgentTarget, MAX_TIMEOUT_MS, withAdvice } from "../../../core/index.ts";
import { orAborted } from "../../../support/abort.ts";
import { sleep } from "../../../support/ambient.ts";
import { assertNever } from "../../../support/assert-never.ts";
import { asFailure } from "../../../support/failure.ts";
import { lookUp } from "../../../support/objects.ts";
import { decideApproval } from "../approvals/decide-approval.ts";
import { followRequest } from "../live/follow.ts";
import { agentNames } from "../runs/find-run.ts";
import { confirm } from "../screen/ask.ts";
import { printError, printLine } from "../screen/screen.ts";
import { oneLine } from "../screen/text.ts";
import type { Context } from "../services.ts";
import { Board } from "./board.ts";
import { listWatchedRuns, type WatchedRun } from "./in-flight.ts";
import { type Key, listenForKeys } from "./keyboard.ts";

const DRAW_MS = 1_000;
const LOOK_EVERY_DRAWS = 2;

type Action = "follow" | "approve" | "reject" | "cancel" | "quit";
const ACTIONS: Readonly<Record<string, Action>> = {
  f: "follow",
  "\r": "follow",
  a: "approve",
  r: "reject",
  c: "cancel",
  q: "quit",
  interrupt: "quit",
};

/** Resolves when the user quits. */
export async function watchSession(context: Context, { all }: { all: boolean }): Promise<void> {
  const { services } = context;
  let agentOf: ((deploymentId: string) => string) | undefined;
  const look = async () => {
    agentOf ??= await agentNames(services);
    try {
      return await listWatchedRuns(services, { agentOf, all });
    } catch (error) {
      agentOf = undefined; // the names may be missing as well
      throw error;
    }
  };
  for (;;) {
    const { action, run } = await pick(context, look);
    if (action === "quit") return;
    if (!run?.runId) continue;
    try {
      await perform(context, action, run.runId);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.kind !== "cancelled") printError(context.screen, `seren-bridge: ${oneLine(withAdvice(failure))}`);
    }
    printLine(context.screen, "");
  }
}

async function pick(
  { services, screen }: Context,
  look: () => Promise<WatchedRun[]>,
): Promise<{ action: Action; run?: WatchedRun | undefined }> {
  const { ambient } = services;
  const board = new Board(screen);
  const controller = new AbortController();
  let runs: WatchedRun[] = [];
  let picked: string | undefined;
  let note = "loading…";
  let chosen: { action: Action; run?: WatchedRun | undefined } | undefined;
  // The selected run stays selected while others come and go.
  const index = () =>
    Math.max(
      0,
      runs.findIndex(({ runId }) => runId !== undefined && runId === picked),
    );
  const draw = () => board.draw(runs, index(), ambient.now(), note);
  const onKey = (key: Key) => {
    if (key === "suspend") return screen.suspension.suspend();
    const action = lookUp(ACTIONS, key);
    if (action) {
      chosen = { action, run: runs[index()] };
      controller.abort();
      return;
    }
    if (key === "up" || key === "down")
      picked = runs[index() + (key === "up" ? -1 : 1)]?.runId ?? picked ?? runs[0]?.runId;
    draw();
  };
  let stopKeys = listenForKeys(screen.stdin, onKey);
  const endSuspension = screen.suspension.around({
    leave() {
      board.clear();
      stopKeys();
    },
    enter() {
      stopKeys = listenForKeys(screen.stdin, onKey);
      draw();
    },
  });
  const release = services.onInterrupt(() => {
    chosen = { action: "quit" };
    controller.abort();
  });
  try {
    for (let draws = 0; !chosen; draws += 1) {
      if (draws % LOOK_EVERY_DRAWS === 0) {
        try {
          runs = await orAborted(look(), controller.signal); // keys work although the service does not answer
          note = "";
        } catch (error) {
          if (!chosen) note = withAdvice(asFailure(error));
        }
      }
      if (!chosen) draw();
      await sleep(ambient, DRAW_MS, controller.signal).catch(() => undefined);
    }
    return chosen;
  } finally {
    board.clear();
    endSuspension();
    stopKeys();
    release();
  }
}

async function perform(context: Context, action: Exclude<Action, "quit">, runId: string): Promise<void> {
  const { services, screen } = context;
  switch (action) {
    case "follow":
      await followRequest(context, {
        request: { target: generalAgentTarget(), attachTo: runId, onApproval: "wait" },
        timeoutMs: MAX_TIMEOUT_MS,
        json: false,
      });
      return;
    case "cancel":
      if (!(await confirm(screen, `Cancel the run ${runId}?`))) return;
      await (await services.remote()).directory.cancel(runId);
      printLine(screen, "Seren Cloud is cancelling it.");
      return;
    case "approve":
    case "reject":
      await decideApproval(context, runId, { decision: action, yes: false, always: false });
      return;
    default:
      assertNever(action);
  }
}
