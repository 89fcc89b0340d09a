import { answer, api } from '../../lib/client';

/** A rule's choice: its mode, and numbers by names that bear their units. */
export type Choice = { mode: string } & Record<string, number | string>;
export type FraudChoices = Record<string, Choice>;

export interface PolicyInForce {
  version: number;
  policy: Record<string, unknown>;
  fraud: FraudChoices;
}

/** Read the policy that is in force. */
export async function policyInForce(): Promise<PolicyInForce> {
  const { adopted_version: version } = await answer(api.GET('/api/v1/policies'));
  const { policy } = await answer(api.GET('/api/v1/policies/{version}', { params: { path: { version } } }));
  return { version, policy, fraud: policy.fraud as FraudChoices };
}

/** Keep the policy with these fraud rules as the next version; give its number. */
export async function saveDraft(inForce: PolicyInForce, fraud: FraudChoices, note: string): Promise<number> {
  const body = { policy: { ...inForce.policy, fraud }, note };
  return (await answer(api.PUT('/api/v1/policies', { body }))).version;
}

export async function adopt(version: number): Promise<void> {
  await answer(api.POST('/api/v1/policies/{version}/adopt', { params: { path: { version } } }));
}

/** The names of a rule's numbers. */
export function numbersOf(choice: Choice): string[] {
  return Object.keys(choice).filter((name) => name !== 'mode');
}
