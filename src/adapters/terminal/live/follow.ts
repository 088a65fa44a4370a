/** Runs one request in front of somebody: shows what happens, takes interrupts, answers the exit code. */
import { type Outcome, Registry, type RunRef, type RunRequest } from "../../../core/index.ts";
import { asFailure, type ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../exit-code.ts";
import type { Context } from "../services.ts";
import { decideHere } from "./decide-here.ts";
import { JsonPresenter } from "./json-presenter.ts";
import { LivePresenter } from "./live-presenter.ts";
import { PlainPresenter } from "./plain-presenter.ts";
import type { OnInterrupt, Presenter } from "./presenter.ts";
import { WaitingWatch } from "./waiting-watch.ts";

export interface FollowOptions {
  request: RunRequest;
  timeoutMs: number;
  json: boolean;
}

export async function followRequest(context: Context, { request, timeoutMs, json }: FollowOptions): Promise<ExitCode> {
  const { services } = context;
  const onInterrupt: OnInterrupt = request.attachTo === undefined ? "cancel" : "leave alone";
  const remote = await services.remote();
  const registry = new Registry(async () => remote.execute, services.ambient);
  const presenter = presenterFor(context, onInterrupt, json);
  const watch = new WaitingWatch(context, (wait) => void presenter.event(wait));
  const run = registry.start("terminal", request, services.ambient.now() + timeoutMs, (event) =>
    watch.isNews(event) ? presenter.event(event) : undefined,
  );
  let interrupts = 0;
  const release = services.onInterrupt(() => {
    interrupts += 1;
    if (interrupts > 1) return services.leave(EXIT.cancelled);
    presenter.interrupted(onInterrupt);
    run.cancel("person");
  });
  presenter.start();
  let result: Outcome | ExecutionFailure;
  try {
    result = await run.outcome;
  } catch (error) {
    result = asFailure(error);
  } finally {
    release();
  }
  presenter.end(result);
  return exitCodeOf(result);
}

/** Starts the run and leaves it alone as soon as it has a name. Rejects when none came to be. */
export async function startDetached({ services }: Context, request: RunRequest, timeoutMs: number): Promise<RunRef> {
  const remote = await services.remote();
  const registry = new Registry(async () => remote.execute, services.ambient);
  let started: RunRef | undefined;
  const run = registry.start("terminal", { ...request, detach: true }, services.ambient.now() + timeoutMs, (event) => {
    if (event.type !== "status" || !event.run) return;
    started = event.run;
    run.cancel("person"); // stops the following only, from here on
  });
  const release = services.onInterrupt(() => run.cancel("person"));
  try {
    const outcome = await run.outcome;
    const ref = started ?? outcome.run;
    if (!ref) throw asFailure(new Error("the run ended before it had a name"));
    return ref;
  } finally {
    release();
  }
}

function presenterFor(context: Context, onInterrupt: OnInterrupt, json: boolean): Presenter {
  const { screen, services } = context;
  if (json) return new JsonPresenter(screen);
  const live = screen.animated && (screen.stdout.isTTY === true || screen.stderr.isTTY === true);
  if (!live) return new PlainPresenter(screen);
  return new LivePresenter({
    screen,
    ambient: services.ambient,
    onInterrupt,
    onApproval: screen.interactive ? (run, view) => decideHere(context, run, view) : undefined,
  });
}
