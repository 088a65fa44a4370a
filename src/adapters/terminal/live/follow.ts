/** Runs one request and presents it: events, interrupts, exit code. */
import {
  ContinuedRun,
  type ExecutionEvent,
  type Outcome,
  type RunRef,
  RunRegistry,
  type RunRequest,
  showRunCommand,
} from "../../../core/index.ts";
import { asFailure, type ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../exit-code.ts";
import { printError } from "../screen/screen.ts";
import type { Context, Conversations, Remote, Services } from "../services.ts";
import { askForDecision } from "./ask-for-decision.ts";
import { JsonPresenter } from "./json-presenter.ts";
import { keepArtifacts } from "./keep-artifacts.ts";
import { LivePresenter } from "./live-presenter.ts";
import { PlainPresenter } from "./plain-presenter.ts";
import type { OnInterrupt, Presenter } from "./presenter.ts";

export interface FollowOptions {
  request: RunRequest;
  timeoutMs: number;
  json: boolean;
  /** Folder for the artifacts of the run. Default: they are not saved. */
  saveTo?: string | undefined;
}

/** Returns the exit code. When a decision made here continues in another run, that run is followed as well. */
export async function followRequest(context: Context, options: FollowOptions): Promise<ExitCode> {
  const { services } = context;
  const { request, timeoutMs, json, saveTo } = options;
  const onInterrupt: OnInterrupt = request.attachTo === undefined ? "cancel" : "leave alone";
  const remote = await services.remote();
  const registry = registryOf(services, remote);
  const note = new ConversationNote(remote, request);
  const presenter = presenterFor(context, onInterrupt, json, (next) => run.decided(next));
  const run = new ContinuedRun({
    registry,
    key: "terminal",
    deadline: services.ambient.now() + timeoutMs,
    sink: (event) => {
      note.see(event);
      return presenter.event(event);
    },
  });
  let interrupts = 0;
  const release = services.onInterrupt(() => {
    interrupts += 1;
    if (interrupts > 1) return services.leave(EXIT.cancelled);
    presenter.interrupted(onInterrupt);
    run.cancel("person");
  });
  presenter.start();
  const result = await run.follow(request).catch(asFailure).finally(release);
  presenter.end(result);
  await note.written();
  await sayWhereTheAnswerIs(context, result);
  const isKept = saveTo === undefined || !("artifacts" in result) || (await keepArtifacts(context, result, saveTo));
  const code = exitCodeOf(result);
  return code === EXIT.ok && !isKept ? EXIT.failed : code;
}

/** Notes the conversation of a run that is started here, so that `run --continue` can go on with it. */
class ConversationNote {
  readonly #conversations: Conversations;
  /** A run that was started elsewhere is not this folder's. */
  readonly #isOurs: boolean;
  #noted: Promise<void> | undefined;

  constructor({ conversations }: Remote, { attachTo }: RunRequest) {
    this.#conversations = conversations;
    this.#isOurs = attachTo === undefined;
  }

  see(event: ExecutionEvent): void {
    const id = event.type === "status" ? event.run?.conversationId : undefined;
    if (this.#isOurs && id !== undefined) this.#noted ??= this.#conversations.remember(id);
  }

  /** Resolves when it is written. */
  async written(): Promise<void> {
    await this.#noted;
  }
}

export function registryOf({ ambient, redactor, watchers }: Services, { execute }: Remote): RunRegistry {
  const registry = new RunRegistry(async () => execute, ambient, { redactor });
  for (const watcher of watchers) registry.watch(watcher);
  return registry;
}

/** A run is paid for, whether or not its answer could be written. */
async function sayWhereTheAnswerIs({ screen, services }: Context, result: Outcome | ExecutionFailure): Promise<void> {
  await screen.stdout.flushed();
  const run = "run" in result ? result.run : undefined;
  if (screen.stdout.problem === undefined || !run) return;
  const where = services.local ? "" : `; see its answer with: ${showRunCommand(run.runId)}`;
  printError(
    screen,
    `seren-bridge: the answer could not be written; the run ${run.runId} was not stopped for it${where}`,
  );
}

/** Starts a run and stops following it as soon as its id is known. Rejects when no run was started. */
export async function startDetached({ services }: Context, request: RunRequest, timeoutMs: number): Promise<RunRef> {
  const remote = await services.remote();
  const registry = registryOf(services, remote);
  const note = new ConversationNote(remote, request);
  let started: RunRef | undefined;
  const run = registry.start("terminal", { ...request, detach: true }, services.ambient.now() + timeoutMs, (event) => {
    if (event.type !== "status" || !event.run) return;
    note.see(event);
    started = event.run;
    run.cancel("person"); // from here on this stops the following, not the run
  });
  const release = services.onInterrupt(() => run.cancel("person"));
  try {
    const outcome = await run.outcome;
    const ref = started ?? outcome.run;
    if (!ref) throw asFailure(new Error("the run ended without an id"));
    await note.written();
    return ref;
  } finally {
    release();
  }
}

function presenterFor(
  context: Context,
  onInterrupt: OnInterrupt,
  json: boolean,
  onDecision: (next: Promise<RunRef>) => void,
): Presenter {
  const { screen, services } = context;
  if (json) return new JsonPresenter(screen);
  const live = screen.animated && (screen.stdout.isTTY === true || screen.stderr.isTTY === true);
  if (!live) return new PlainPresenter(screen);
  return new LivePresenter({
    screen,
    ambient: services.ambient,
    onInterrupt,
    onApproval: screen.interactive ? (run, view) => askForDecision(context, { run, view, onDecision }) : undefined,
  });
}
