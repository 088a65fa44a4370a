/** What is noted of a batch, line by line, so that another process can go on with it: lines are only ever added. */
import type { BegunRun } from "../request.ts";

export type BatchLine<Result> =
  /** A run is about to be started for the row, and then, with `runId`, which one it is. */
  | { kind: "begun"; row: number; begun: BegunRun; conversationId: string }
  /** No run was started after all. */
  | { kind: "refused"; row: number }
  /** Nothing more happens for the row. */
  | { kind: "ended"; row: number; result: Result };

export interface BatchNotes<Result> {
  /** Folder of this machine that holds the notes. */
  readonly folder: string;
  /** Resolves when the line, and each before it, is durable. */
  append(line: BatchLine<Result>): Promise<void>;
}

/** What has happened to a row. One without a state has not been begun. */
export type RowState = { kind: "begun"; begun: BegunRun; conversationId: string } | { kind: "ended" };

/** The lines in their order; the last one about a row counts. */
export class RowStates {
  readonly #states = new Map<number, RowState>();

  get(row: number): RowState | undefined {
    return this.#states.get(row);
  }

  note(line: BatchLine<unknown>): void {
    if (line.kind === "refused") this.#states.delete(line.row);
    else if (line.kind === "ended") this.#states.set(line.row, { kind: "ended" });
    else this.#states.set(line.row, { kind: "begun", begun: line.begun, conversationId: line.conversationId });
  }
}
