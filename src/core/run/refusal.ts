/** What refuses a turn as a whole. */
import { CONVERSATION_BUSY } from "../../seren/index.ts";

/** An error as an event reports it. */
export interface ReportedError {
  code?: string | undefined;
  retryable?: boolean | undefined;
}

/** Whether the error says that another run of the conversation is going on, and that the turn may be sent again. */
export function isBusyRefusal({ code, retryable }: ReportedError): boolean {
  return code === CONVERSATION_BUSY && retryable !== false;
}
