import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the service was asked for, and what it did. */
export interface ServiceFigures {
  readonly requests: number;
  /** How many requests were answered with which status, or not at all. */
  readonly answers: Readonly<Record<string, number>>;
  /** How often each order was charged. */
  readonly charges: ReadonlyMap<number, number>;
}

interface Charge {
  readonly order: number;
  readonly amount: number;
}

/** After so many charges it is out of order for a while. */
const OUTAGE_AFTER = 60;
const OUTAGE_MS = 300;

/**
 * A payment service on this machine that fails on script: at the first attempt for some orders it answers 500, for others 429,
 * and for others it charges and never answers; and once it is out of order for a while. It knows a charge by its key, and does
 * not make it again.
 */
export class PaymentService {
  /** Called when it has made so many charges, with the answer to the last of them still to come. */
  onCharge: (charges: number) => "answer" | "be silent" = () => "answer";
  readonly #receipts: Map<string, string> = new Map();
  readonly #charges: Map<number, number> = new Map();
  readonly #answers: Record<string, number> = {};
  readonly #attempts: Map<string, number> = new Map();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #requests = 0;
  #downUntilMs = 0;

  /** Begins to listen, on a port that is free. */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    // It listens on a port, not on a path.
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get figures(): ServiceFigures {
    return { requests: this.#requests, answers: { ...this.#answers }, charges: new Map(this.#charges) };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    this.#requests++;
    const key = String(request.headers["idempotency-key"]);
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    // Only the example asks this service.
    const { order, amount } = JSON.parse(text) as Charge;
    if (Date.now() < this.#downUntilMs) return this.#say(response, 503, {});
    if (attempt === 1 && order % 9 === 4) return this.#say(response, 500, {});
    if (attempt === 1 && order % 16 === 7) return this.#say(response, 429, {}, { "retry-after": "0.2" });
    const known = this.#receipts.get(key);
    if (known !== undefined) return this.#say(response, 200, { receipt: known });
    if (amount > 950) return this.#say(response, 402, { limit: 950 });
    const receipt = `receipt-${order}`;
    this.#receipts.set(key, receipt);
    this.#charges.set(order, (this.#charges.get(order) ?? 0) + 1);
    if (this.#receipts.size === OUTAGE_AFTER) this.#downUntilMs = Date.now() + OUTAGE_MS;
    const isLost = attempt === 1 && order % 25 === 12 && this.#receipts.size < OUTAGE_AFTER - 20;
    if (this.onCharge(this.#receipts.size) === "be silent" || isLost) this.#count("no answer");
    else this.#say(response, 200, { receipt });
  }

  #say(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
    this.#count(String(status));
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  }

  #count(answer: string): void {
    this.#answers[answer] = (this.#answers[answer] ?? 0) + 1;
  }
}
