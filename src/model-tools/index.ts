/** What a model is offered, in words that are the same in every host: tools, their arguments, agents. */
export {
  type AgentChoice,
  type AgentOffer,
  agentChoice,
  agentsText,
  agentTarget,
  choiceWords,
  chooseAgentName,
  GENERAL_AGENT,
  HOW_TO_START,
} from "./agents.ts";
export {
  AgentNameSchema,
  AgentsArgumentsSchema,
  atOnePlace,
  CancelArgumentsSchema,
  ConversationSchema,
  DispatchArgumentsSchema,
  MAX_TIMEOUT_SECONDS,
  ModelSchema,
  PromptSchema,
  RunIdSchema,
  readArguments,
  StatusArgumentsSchema,
  TimeoutSecondsSchema,
  WaitingDispatchArgumentsSchema,
  WaitingStatusArgumentsSchema,
} from "./arguments.ts";
export { modelTools, TOOL_NAMES, type ToolName } from "./definitions.ts";
export { dispatchRequest } from "./requests.ts";
export {
  CANCEL_UNDER_WAY,
  conversationOf,
  ENDED_ALREADY,
  goOn,
  lookCall,
  NO_ID_YET,
  NOT_YOURS,
  notOver,
} from "./words.ts";
