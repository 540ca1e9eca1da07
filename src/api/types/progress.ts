/**
 * Docker's JSON progress message: what pull, push and build emit, what the API streams line by line and what the
 * terminal renders (engine-api.md 5.1). Key order on the wire is this order.
 */
export interface ProgressMessage {
  stream?: string;
  status?: string;
  progressDetail?: ProgressDetail;
  /** The preformatted bar, for clients that print it as it is. */
  progress?: string;
  id?: string;
  errorDetail?: { code?: number; message: string };
  error?: string;
  aux?: unknown;
}

export interface ProgressDetail {
  current?: number;
  total?: number;
  start?: number;
  hidecounts?: boolean;
  units?: string;
}

export type ProgressListener = (message: ProgressMessage) => void;
