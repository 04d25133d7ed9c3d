// Shapes of the policy simulation: what both operations take and what they answer.
// AWS doc: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html, and the service model.
import {
  boolean,
  integer,
  list,
  map,
  oneOf,
  optional,
  pattern,
  required,
  string,
  structure,
  union,
} from '../../contract/shape.ts';
import { Arn, PolicyDocument, PolicyName, pageMembers, pageOutput } from './shapes.ts';

export const PolicyInputList = list(PolicyDocument);
const ActionName = string({ min: 3, max: 128 });
const ResourceName = string({ min: 1, max: 2048 });
export const ContextKeyNames = list(string({ min: 5, max: 256 }));
const Decision = oneOf('allowed', 'explicitDeny', 'implicitDeny');

const ContextEntry = structure({
  ContextKeyName: optional(string({ min: 5, max: 256 }), { doc: 'The condition key, `aws:SourceIp`.' }),
  ContextKeyValues: optional(list(string()), { doc: 'Its values; none: the key is absent.' }),
  ContextKeyType: optional(
    oneOf(
      'string',
      'stringList',
      'numeric',
      'numericList',
      'boolean',
      'booleanList',
      'ip',
      'ipList',
      'binary',
      'binaryList',
      'date',
      'dateList',
    ),
    { doc: 'The type; a key of a list type stays a list where it holds one value.' },
  ),
});

const attachmentName = string({ min: 1, max: 128, pattern: pattern('[\\w+=,.@-]+') });
export const PolicyIdentifier = union({
  PolicyType: optional(oneOf('inline', 'aws-managed', 'user-managed', 'permission-boundary', 'scp', 'rcp'), {
    doc: 'All policies of the type.',
  }),
  PolicyArn: optional(Arn, { doc: 'A managed policy; one `*` and any `?` in its name are wildcards.' }),
  InlinePolicyIdentifier: optional(
    structure({
      PolicyName: required(PolicyName, { doc: 'The name of the inline policy.' }),
      AttachmentType: required(oneOf('user', 'group', 'role'), { doc: 'The kind of its entity.' }),
      AttachmentName: required(attachmentName, { doc: 'The name of its entity.' }),
    }),
    { doc: 'An inline policy.' },
  ),
});

/** The question, but for whose policies are asked about. */
export const questionMembers = {
  PermissionsBoundaryPolicyInputList: optional(PolicyInputList, {
    doc: 'A permissions boundary, one at most; in place of one that is set.',
  }),
  ActionNames: required(list(ActionName), { doc: 'The actions, each with its service: `iam:CreateUser`.' }),
  ResourceArns: optional(list(ResourceName), { doc: 'The resources, each asked about with each action. Absent: `*`.' }),
  ResourcePolicy: optional(PolicyDocument, { doc: 'The policy of every resource.' }),
  ResourceOwner: optional(ResourceName, {
    doc: 'Whose the resources are whose ARNs do not say, as `arn:aws:iam::ACCOUNT:root`.',
  }),
  CallerArn: optional(ResourceName, { doc: 'The user, group or role that asks.' }),
  ContextEntries: optional(list(ContextEntry), { doc: 'Condition keys and their values.' }),
  ResourceHandlingOption: optional(string({ min: 1, max: 64 }), {
    doc: 'A scenario of Amazon EC2, whose kinds of resources must then be there.',
  }),
  ...pageMembers,
};
export const Question = structure(questionMembers);

export const levelMembers = {
  OrderedOrganizationPolicyInputList: optional(
    list(structure({ ServiceControlPolicyInputList: optional(PolicyInputList, { doc: 'Policies of one level.' }) }), {
      max: 7,
    }),
    { doc: 'Service control policies. Not served.' },
  ),
};

const Position = structure({
  Line: optional(integer(), { doc: 'The line, from 1.' }),
  Column: optional(integer(), { doc: 'The column.' }),
});

const resultMembers = {
  MatchedStatements: optional(
    list(
      structure({
        SourcePolicyId: optional(string(), { doc: 'The policy: its name, or its place among those that were given.' }),
        SourcePolicyType: optional(string(), { doc: 'The kind of policy.' }),
        StartPosition: optional(Position, { doc: 'Where the statement begins.' }),
        EndPosition: optional(Position, { doc: 'Where the statement ends.' }),
      }),
    ),
    { doc: 'The statements that made the decision.' },
  ),
  MissingContextValues: optional(ContextKeyNames, { doc: 'Condition keys that count here and were not given.' }),
  EvalDecisionDetails: optional(map(string({ min: 3, max: 256 }), Decision), {
    doc: 'What each kind of policy decides where two accounts are concerned.',
  }),
  PermissionsBoundaryDecisionDetail: optional(
    structure({ AllowedByPermissionsBoundary: optional(boolean, { doc: 'Whether the boundary allows it.' }) }),
    { doc: 'What the permissions boundary says; absent where there is none.' },
  ),
};

export const ResourceSpecificResult = structure({
  EvalResourceName: required(ResourceName, { doc: 'The resource.' }),
  EvalResourceDecision: required(Decision, { doc: 'The decision about it.' }),
  ...resultMembers,
});

export const EvaluationResult = structure({
  EvalActionName: required(ActionName, { doc: 'The action.' }),
  EvalResourceName: optional(ResourceName, { doc: 'The resource where there is one; of several, `*`.' }),
  EvalDecision: required(Decision, { doc: 'The most restrictive decision about any resource.' }),
  ...resultMembers,
  OrganizationsDecisionDetail: optional(
    structure({ AllowedByOrganizations: optional(boolean, { doc: 'Whether the organization allows it.' }) }),
    { doc: 'Always absent: there are no organizations.' },
  ),
  ResourceSpecificResults: optional(list(ResourceSpecificResult), { doc: 'The decision about each resource.' }),
});

export const simulationOutput = structure({
  EvaluationResults: optional(list(EvaluationResult), {
    doc: 'A result for each action, in the order of the request.',
  }),
  ...pageOutput,
});
