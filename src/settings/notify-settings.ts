/** The table `[notify]` with its defaults. */
import { NOTICE_EVENTS, type NoticeEvent } from "../core/index.ts";
import { microsFrom } from "../support/money.ts";
import type { Settings } from "./schema.ts";

export interface NotifySettings {
  bell: boolean;
  desktop: boolean;
  command?: [program: string, ...args: string[]];
  events: readonly NoticeEvent[];
  /** In millionths of a dollar. */
  costMark?: number;
}

export function notifySettings({ notify }: Settings): NotifySettings | undefined {
  if (!notify) return undefined;
  const { bell = false, desktop = false, command: [program, ...args] = [], events = NOTICE_EVENTS, cost_usd } = notify;
  return {
    bell,
    desktop,
    events,
    ...(program === undefined ? {} : { command: [program, ...args] }),
    ...(cost_usd === undefined ? {} : { costMark: microsFrom(cost_usd) }),
  };
}
