/** What became of a caller that wants to pass: it may, there is no room even to wait, or it was cancelled while it waited. */
export type Admission = "admitted" | "refused" | "cancelled";
