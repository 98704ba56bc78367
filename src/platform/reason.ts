/** What a thrown value says, in one line for a log or an answer: an Error's message, anything else as text. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
