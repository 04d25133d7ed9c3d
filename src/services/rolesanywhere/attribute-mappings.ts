// Attribute mappings: which attributes of a certificate become session tags. They belong to a profile, one list of
// rules for each field of the certificate.
import { list, optional, required, string, structure } from '../../contract/shape.ts';
import { isSpecifier, normalSpecifier } from '../../core/session/attributes.ts';
import { operation } from '../call.ts';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from './errors.ts';
import { change, onProfile, Profile } from './profiles.ts';
import type { AttributeMapping, CertificateField } from './records.ts';
import { CertificateField as CertificateFieldShape, MappingRule, Uuid } from './shapes.ts';

const profileId = required(Uuid, { doc: 'The unique identifier of the profile.' });
const output = structure({ profile: required(Profile, { doc: 'The profile.' }) });
const errors = [ValidationException, ResourceNotFoundException, AccessDeniedException] as const;

export const PutAttributeMapping = operation({
  doc: "Replaces a field's mapping rules; other fields keep theirs.",
  http: 'PUT /profiles/{profileId}/mappings 200',
  effect: 'write',
  errors,
  input: structure({
    profileId,
    certificateField: required(CertificateFieldShape, { doc: 'The field of the certificate.' }),
    mappingRules: required(list(MappingRule), { doc: 'The attributes of the field that become session tags.' }),
  }),
  output,
  access: (input, call) => onProfile(call, input.profileId),
  async run({ profileId: id, certificateField, mappingRules }, call) {
    const specifiers = lawfulSpecifiers(certificateField, mappingRules);
    return change(call, id, (record) => ({
      ...record,
      attributeMappings: withField(record.attributeMappings, certificateField, specifiers),
    }));
  },
});

export const DeleteAttributeMapping = operation({
  doc: "Removes a field's mapping rules: those that are named, or all of the field's.",
  http: 'DELETE /profiles/{profileId}/mappings 200',
  effect: 'write',
  errors,
  input: structure({
    profileId,
    certificateField: required(CertificateFieldShape, { in: 'query', doc: 'The field of the certificate.' }),
    specifiers: optional(list(string(), { max: 100 }), { in: 'query', doc: 'The rules to remove. Absent: all.' }),
  }),
  output,
  access: (input, call) => onProfile(call, input.profileId),
  async run({ profileId: id, certificateField, specifiers }, call) {
    return change(call, id, (record) => {
      const rest = remaining(record.attributeMappings, certificateField, specifiers);
      return { ...record, attributeMappings: withField(record.attributeMappings, certificateField, rest) };
    });
  },
});

/** Ours: AWS's model has no limit; every rule costs work at every CreateSession, and no certificate has more attributes. */
const maxRules = 100;

/** The specifiers as shown afterwards, each once. Ours: an empty list and an unknown specifier are refused. */
function lawfulSpecifiers(field: CertificateField, rules: readonly { readonly specifier: string }[]) {
  if (rules.length === 0) throw ValidationException('mappingRules must not be empty.');
  if (rules.length > maxRules) throw ValidationException(`mappingRules holds at most ${maxRules} rules.`);
  for (const { specifier } of rules) {
    if (!isSpecifier(field, specifier)) {
      throw ValidationException(`Specifier '${specifier.slice(0, 60)}' is not valid for certificate field ${field}.`);
    }
  }
  return [...new Set(rules.map(({ specifier }) => normalSpecifier(field, specifier)))];
}

/** What is left of a field. Ours: naming a rule that is not there is ResourceNotFoundException, as one client expects. */
function remaining(
  mappings: readonly AttributeMapping[],
  field: CertificateField,
  specifiers: readonly string[] | undefined,
): readonly string[] {
  const mapping = mappings.find(({ certificateField }) => certificateField === field);
  if (mapping === undefined) throw ResourceNotFoundException(`The profile maps nothing of ${field}.`);
  if (specifiers === undefined || specifiers.length === 0) return [];
  const present = mapping.mappingRules.map(({ specifier }) => specifier);
  const removed = specifiers.map((specifier) => normalSpecifier(field, specifier));
  const missing = removed.find((specifier) => !present.includes(specifier));
  if (missing !== undefined) {
    throw ResourceNotFoundException(`The profile does not map '${missing.slice(0, 60)}' of ${field}.`);
  }
  return present.filter((specifier) => !removed.includes(specifier));
}

/** The mappings with one field's rules replaced, sorted by field; a field without rules disappears. */
function withField(mappings: readonly AttributeMapping[], field: CertificateField, specifiers: readonly string[]) {
  const others = mappings.filter(({ certificateField }) => certificateField !== field);
  if (specifiers.length === 0) return others;
  const mappingRules = specifiers.map((specifier) => ({ specifier }));
  return [...others, { certificateField: field, mappingRules }].sort((one, other) =>
    one.certificateField < other.certificateField ? -1 : 1,
  );
}
