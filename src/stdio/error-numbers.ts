/** Numbers of errors on the wires that name an error by a word as well, as both of Dispatch's do (the word is what counts there). */
import { ERROR_CODES } from "#protocols/json-rpc";

const NUMBERS: Readonly<Record<string, number>> = {
  parse_error: ERROR_CODES.parseError,
  invalid_request: ERROR_CODES.invalidRequest,
  method_not_found: ERROR_CODES.methodNotFound,
  bad_request: ERROR_CODES.invalidParams,
  internal_error: ERROR_CODES.internalError,
};

export function errorNumber(word: string): number {
  return NUMBERS[word] ?? ERROR_CODES.serverError;
}
