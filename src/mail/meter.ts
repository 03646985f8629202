// What is measured while Homing runs, under the names that Prometheus gets them by (docs/monitoring/).

interface Kind {
  help: string;
  labels: readonly string[];
}

export const COUNTERS = {
  homing_http_requests_total: { help: 'HTTP requests answered', labels: ['method', 'route', 'code'] },
  homing_jmap_method_calls_total: {
    help: 'JMAP method calls; result is ok or the type of the error',
    labels: ['method', 'result'],
  },
  homing_authentications_total: {
    help: 'Passwords that were looked at; result is granted, refused or why nobody looked',
    labels: ['face', 'result'],
  },
  homing_messages_accepted_total: { help: 'Messages accepted, by where they came from', labels: ['origin'] },
  homing_messages_refused_total: {
    help: 'Messages not accepted; reason is a refusal, unavailable or fault',
    labels: ['origin', 'reason'],
  },
  homing_recipients_accepted_total: { help: 'Recipients of messages accepted', labels: ['place'] },
  homing_delivery_attempts_total: {
    help: 'Attempts to deliver to other servers and tenants, a recipient each',
    labels: ['result'],
  },
  homing_recall_requests_total: {
    help: 'Recalls asked for; result is gated or the reason of the refusal',
    labels: ['result'],
  },
  homing_recall_outcomes_total: { help: 'Outcomes of recalls that have ended, a recipient each', labels: ['outcome'] },
} as const satisfies Record<`homing_${string}_total`, Kind>;

/** All in seconds. */
export const TIMERS = {
  homing_http_request_duration_seconds: { help: 'From a request to its answer', labels: ['route'] },
  homing_jmap_method_duration_seconds: { help: 'JMAP method calls', labels: ['method'] },
  homing_message_accept_duration_seconds: {
    help: 'From a message’s last octet until it is durable',
    labels: ['origin'],
  },
  homing_recall_gate_duration_seconds: { help: 'From asking for a recall to the commit of its gate', labels: [] },
  homing_recall_duration_seconds: { help: 'From a recall’s gate to its last outcome', labels: [] },
} as const satisfies Record<`homing_${string}_seconds`, Kind>;

export type Counter = keyof typeof COUNTERS;
export type Timer = keyof typeof TIMERS;
type LabelsOf<K extends Kind> = Record<K['labels'][number], string>;

/** Labels are words of a bounded set: nothing that a stranger chooses, no addresses. */
export interface Meter {
  count<C extends Counter>(name: C, labels: LabelsOf<(typeof COUNTERS)[C]>, by?: number): void;
  time<T extends Timer>(name: T, labels: LabelsOf<(typeof TIMERS)[T]>, seconds: number): void;
}

export const NO_METER: Meter = { count: () => undefined, time: () => undefined };
