/** The ACP agent: its methods, its error replies and its end. */
import {
  AuthenticateParamsSchema,
  InitializeParamsSchema,
  NewSessionParamsSchema,
  PromptParamsSchema,
  SessionParamsSchema,
  SetConfigOptionParamsSchema,
} from "#protocols/acp";
import { type EndCause, type Method, method, notification, type ServeOptions, type Wire } from "../../stdio/index.ts";
import { asFailure } from "../../support/failure.ts";
import { isObject } from "../../support/objects.ts";
import { initializeResult, KEY_METHOD } from "./handshake.ts";
import { LOGIN_METHOD } from "./login.ts";
import type { AcpOptions } from "./options.ts";
import { promptText } from "./prompt-text.ts";
import { type Session, Sessions } from "./sessions.ts";
import { Turn } from "./turn.ts";
import { Refusal, toWireError } from "./wire-error.ts";

/** For cancelling what runs when the client is gone; the rest of the end budget is for the last replies. */
const DRAIN_BUDGET_MS = 8_000;
const END_BUDGET_MS = 9_500;

/** Passed to `serve` unchanged. */
type AcpAgent = Required<
  Pick<ServeOptions, "methods" | "notifications" | "cancellation" | "toWireError" | "onEnd" | "endBudgetMs">
>;

export function createAcpAgent(options: AcpOptions): AcpAgent {
  const { version, registry, ambient, log, agents, renewKey, requireKey, warmUp } = options;
  const sessions = new Sessions(ambient, agents);
  let { isInitialized } = options;
  let isKeyRefused = false;
  if (isInitialized) warmUp();

  const prompt = async (session: Session, message: string, { wire, signal }: { wire: Wire; signal: AbortSignal }) => {
    if (session.turn) {
      throw new Refusal("invalid_request", "this session has a turn in progress; wait for its end, or cancel it");
    }
    if (isKeyRefused) renewKey(); // a person may have logged in since
    const agent = session.agent === agents[0]?.name ? {} : { agent: session.agent };
    const turn = new Turn(options, { sessionId: session.id, message, target: options.target(agent) }, wire);
    session.turn = turn;
    signal.addEventListener("abort", () => turn.cancel("host"), { once: true });
    try {
      return await turn.run();
    } catch (error) {
      isKeyRefused = asFailure(error).kind === "unauthorized";
      throw error;
    } finally {
      session.turn = undefined;
    }
  };

  const afterInitialize: Record<string, Method> = {
    authenticate: method(AuthenticateParamsSchema, async ({ methodId }) => {
      if (methodId === LOGIN_METHOD.id)
        throw new Refusal("invalid_params", `${LOGIN_METHOD.id} is done in a terminal, by the arguments it names`);
      if (methodId !== KEY_METHOD.id) throw new Refusal("invalid_params", "there is no such method; try seren-key");
      await requireKey();
      return {};
    }),
    "session/new": method(NewSessionParamsSchema, async () => {
      await requireKey();
      const session = sessions.create();
      return { sessionId: session.id, ...sessions.configOptions(session) };
    }),
    "session/resume": method(SessionParamsSchema, async ({ sessionId }) => {
      const session = sessions.resume(sessionId); // first, for a client that goes on without waiting
      await requireKey();
      return sessions.configOptions(session);
    }),
    "session/close": method(SessionParamsSchema, async ({ sessionId }) => {
      await sessions.close(sessionId);
      return {};
    }),
    "session/set_config_option": method(SetConfigOptionParamsSchema, ({ sessionId, configId, value }) => {
      const session = sessions.get(sessionId);
      sessions.setOption(session, configId, value);
      return sessions.configOptions(session);
    }),
    "session/prompt": method(PromptParamsSchema, ({ sessionId, prompt: blocks }, context) =>
      prompt(sessions.get(sessionId), promptText(blocks), context),
    ),
  };
  const gated = Object.entries(afterInitialize).map(([name, run]): [string, Method] => [
    name,
    (params, context) => {
      if (!isInitialized) throw new Refusal("invalid_request", "send initialize first");
      return run(params, context);
    },
  ]);

  return {
    methods: {
      ...Object.fromEntries(gated),
      initialize: method(InitializeParamsSchema, ({ clientCapabilities }, { afterReply }) => {
        isInitialized = true;
        afterReply(warmUp);
        return initializeResult(version, { hasTerminal: clientCapabilities.auth.terminal });
      }),
    },
    notifications: {
      "session/cancel": notification(SessionParamsSchema, ({ sessionId }) =>
        sessions.find(sessionId)?.turn?.cancel("host"),
      ),
    },
    cancellation: {
      notification: "$/cancel_request",
      requestId: (params) => (isObject(params) ? params.requestId : undefined),
      paramsFor: (requestId) => ({ requestId }),
      replies: true,
    },
    toWireError,
    async onEnd(cause: EndCause) {
      log("info", "the client is gone", { cause, live: registry.size });
      sessions.cancelAll("shutdown");
      await registry.drain("shutdown", DRAIN_BUDGET_MS);
    },
    endBudgetMs: END_BUDGET_MS,
  };
}
