// What a trust anchor demands of its CRLs: whether an old one still speaks, and whether fetched ones must be there.
import { oneOf, optional, required, structure } from '../../contract/shape.ts';
import { type Call, operation } from '../call.ts';
import { found, placeOf, trustAnchors } from '../rolesanywhere/records.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import { arnOf, defaultRevocationPolicy, revocationPolicies, revocationPolicyOf } from './records.ts';
import { Uuid } from './shapes.ts';

const trustAnchorId = required(Uuid, { doc: 'The unique identifier of the trust anchor.' });
const StalePolicy = oneOf('accept', 'refuse');
const RevocationPolicy = structure({
  importedCrls: required(StalePolicy, {
    doc: 'Whether an imported CRL past its nextUpdate still speaks, or refuses whom it could speak about.',
  }),
  fetchedCrls: required(StalePolicy, {
    doc: 'Whether a fetched CRL may be old or missing, or then refuses everybody.',
  }),
});
const output = structure({ revocationPolicy: required(RevocationPolicy, { doc: 'The policy.' }) });
const errors = [ValidationException, ResourceNotFoundException, AccessDeniedException] as const;

export const PutRevocationPolicy = operation({
  doc: 'Sets what a trust anchor demands of its CRLs; what is not given gets its default.',
  http: 'PUT /trust-anchors/{trustAnchorId}/revocation-policy 200',
  effect: 'write',
  errors,
  input: structure({
    trustAnchorId,
    importedCrls: optional(StalePolicy, { doc: 'Of imported CRLs. Absent: accept, as AWS.' }),
    fetchedCrls: optional(StalePolicy, { doc: 'Of fetched CRLs. Absent: refuse.' }),
  }),
  output,
  access: (input, call) => onPolicy(call, input.trustAnchorId),
  run: ({ trustAnchorId: id, ...given }, call) =>
    call.write(async (writer) => {
      await found(writer, trustAnchors, call, id, 'Trust anchor');
      const { importedCrls, fetchedCrls } = defaultRevocationPolicy;
      const revocationPolicy = {
        importedCrls: given.importedCrls ?? importedCrls,
        fetchedCrls: given.fetchedCrls ?? fetchedCrls,
      };
      await revocationPolicies.put(writer, placeOf(call) + id, revocationPolicy);
      return { revocationPolicy };
    }),
});

export const GetRevocationPolicy = operation({
  doc: 'Gets what a trust anchor demands of its CRLs: the defaults, where nothing was set.',
  http: 'GET /trust-anchors/{trustAnchorId}/revocation-policy 200',
  effect: 'read',
  errors,
  input: structure({ trustAnchorId }),
  output,
  access: (input, call) => onPolicy(call, input.trustAnchorId),
  run: ({ trustAnchorId: id }, call) =>
    call.read(async (reader) => {
      await found(reader, trustAnchors, call, id, 'Trust anchor');
      return { revocationPolicy: await revocationPolicyOf(reader, call, id) };
    }),
});

function onPolicy(call: Call, anchorId = '*') {
  return [{ resource: arnOf(call, `trust-anchor/${anchorId}/revocation-policy`) }];
}
