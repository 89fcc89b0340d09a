import { ApiProblem, type Schemas } from '../../lib/client';

const TRIES = 6;
const BETWEEN_MS = 500;

/**
 * Send an event as an app would: by the key alone, without the session. A key that was made just now is known everywhere
 * within a second, so that its first refusals are not its last word.
 */
export async function sendTestEvent(key: string): Promise<string> {
  const event_id = `test-${crypto.randomUUID?.() ?? Date.now().toString(36) + Math.random().toString(36).slice(2)}`;
  const event = {
    event_id,
    event_type: 'in_app',
    event_name: 'test_event',
    event_time: new Date().toISOString(),
    platform: 'web',
    device_id: 'first-steps',
    properties: { sent_from: 'first steps' },
  };
  for (let attempt = 1; ; attempt += 1) {
    const response = await send(key, event);
    if (response.ok) return event_id;
    if (response.status !== 401 || attempt === TRIES) {
      throw new ApiProblem(response.status, (await response.json().catch(() => ({}))) as Partial<Schemas['Problem']>);
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
}

async function send(key: string, event: object): Promise<Response> {
  try {
    return await fetch('/api/v1/events/ingest', {
      method: 'POST',
      credentials: 'omit',
      headers: { 'Content-Type': 'application/json', 'X-Write-Key': key },
      body: JSON.stringify(event),
    });
  } catch {
    throw new ApiProblem(0, {});
  }
}
