// Every operation that is served against AWS's own service models: botocore's, which states everything, and the one that
// the SDK for JavaScript v2 brings along, which leaves limits, words and errors out. CreateSession is in no model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, Service } from '../../src/contract/operation.ts';
import { services } from '../../src/main.ts';
import type { Call } from '../../src/services/call.ts';
import {
  type Facts,
  layoutOfModel,
  layoutOfOperation,
  type Model,
  type ModelOperation,
  read,
  readSdk,
  shapeOf,
  shared,
} from './service-model.ts';

/** One fact in which an operation of ours is not as the model says; an absent side has no such fact. */
type Difference = {
  readonly operation: string;
  readonly path: string;
  readonly fact: string;
  readonly ours: string | undefined;
  readonly model: string | undefined;
};
type Deliberate = Partial<{ readonly [K in keyof Difference]: RegExp | string | undefined }> & {
  readonly service?: string;
  readonly why: string;
};

/** The differences that are meant: a row covers those that match all it names. A row that covers none is a mistake. */
const deliberate: readonly Deliberate[] = [
  {
    path: /^output\./,
    fact: 'required',
    ours: 'true',
    model: undefined,
    why: 'the answer always has the member; on the wire that is the same',
  },
  {
    service: 'rolesanywhere',
    operation: 'DeleteAttributeMapping',
    path: 'input.specifiers',
    fact: 'max',
    ours: '100',
    why: 'a field has at most 100 rules here (docs/compatibility.md)',
  },
  {
    service: 'iam',
    path: 'input.VersionId',
    fact: 'max',
    ours: '128',
    why: 'the text is repeated in the refusal, and a mebibyte of it serves nobody',
  },
  {
    service: 'iam',
    path: /^output\.(User|AccessKey)\.(UserName|Path)$/,
    fact: 'required',
    ours: undefined,
    model: 'true',
    why: 'root has neither a name nor a path, and AWS shows none (docs/compatibility.md)',
  },
  {
    service: 'sts',
    path: 'output.Credentials.SessionToken',
    fact: 'sensitive',
    ours: 'true',
    model: undefined,
    why: 'the token holds the secret, sealed, and does not belong in an audit event',
  },
];
/** Limits and words bind inputs; nothing walks them in an answer of the Query services. */
const limits = ['min', 'max', 'pattern', 'values'];
const notCompared = (service: string, path: string): readonly string[] =>
  service !== 'rolesanywhere' && path.startsWith('output') ? limits : [];

/** Served by us and listed in no model. */
const outsideOfModels: Readonly<Record<string, readonly string[]>> = { rolesanywhere: ['CreateSession'] };
/** Where the SDK's model, closed in 2025, is older than botocore's: what came later, and what was required before. */
const olderInSdk: readonly { readonly operation: RegExp; readonly path: RegExp; readonly why: string }[] = [
  {
    operation: /ServiceSpecificCredentials?$/,
    path: /AllUsers|Marker|MaxItems|IsTruncated|CredentialAgeDays|ExpirationDate|ServiceCredential(Alias|Secret)$/,
    why: 'long-term API keys came later',
  },
  {
    operation: /ServiceSpecificCredentials?$/,
    path: /Service(UserName|Password)$/,
    why: 'required before there were keys without them',
  },
  { operation: /LoginProfile$|^DeactivateMFADevice$/, path: /^input\.(UserName|Password)$/, why: 'required before' },
  {
    operation: /SAMLProvider$/,
    path: /AssertionEncryptionMode|PrivateKey|SAMLProviderUUID|SAMLMetadataDocument/,
    why: 'encrypted assertions came later',
  },
  {
    operation: /^Simulate(Custom|Principal)Policy$/,
    path: /OrderedOrganizationPolicyInputList|PolicyExclusionList/,
    why: 'came later',
  },
];

const models = [
  { service: 'rolesanywhere', sdk: 'rolesanywhere-2018-05-10.min.json', all: true },
  { service: 'iam', sdk: 'iam-2010-05-08.min.json', all: false },
  { service: 'sts', sdk: 'sts-2011-06-15.min.json', all: false },
] as const;

function serviceOf(name: string): Service<Call> {
  const found = services.get(name);
  assert.ok(found, name);
  return found;
}

/** The served operations that the model lists, with the model's description of each. */
function pairs(service: Service<Call>, model: Model): readonly (readonly [Operation<never>, ModelOperation])[] {
  return [...service.operations.values()].flatMap((operation) => {
    const described = model.operations[operation.name];
    return described === undefined ? [] : [[operation, described] as const];
  });
}

function differences(operation: Operation<never>, model: Model, described: ModelOperation): readonly Difference[] {
  const [ours, theirs] = [layoutOfOperation(operation), layoutOfModel(model.shapes, described)];
  const paths = [...new Set([...ours.keys(), ...theirs.keys()])];
  return paths.flatMap((path) => {
    const [own = { member: 'absent' }, its = { member: 'absent' }] = [ours.get(path), theirs.get(path)];
    if ('member' in own || 'member' in its) {
      return [{ operation: operation.name, path, fact: 'member', ours: own.member, model: its.member }];
    }
    return factDifferences(own, its).map(([fact, ...sides]) => ({
      operation: operation.name,
      path,
      fact,
      ours: sides[0],
      model: sides[1],
    }));
  });
}

function factDifferences(
  ours: Facts,
  model: Facts,
): readonly (readonly [string, string | undefined, string | undefined])[] {
  const facts = [...new Set([...Object.keys(ours), ...Object.keys(model)])];
  return facts.map((fact) => [fact, ours[fact], model[fact]] as const).filter(([, own, its]) => own !== its);
}

function isMeant(row: Deliberate, service: string, difference: Difference): boolean {
  const { why: _why, service: only = service, ...wanted } = row;
  return (
    only === service &&
    Object.entries(wanted).every(([name, want]) => {
      const is = Reflect.get(difference, name);
      return want instanceof RegExp ? want.test(String(is)) : want === is;
    })
  );
}

const isOlder = ({ operation, path }: Pick<Difference, 'operation' | 'path'>): boolean =>
  olderInSdk.some((row) => row.operation.test(operation) && row.path.test(path));
const told = ({ operation, path, fact, ours, model }: Difference): string =>
  `${operation} ${path} ${fact}: ${ours}, in the model ${model}`;

for (const { service: name, sdk, all } of models) {
  const botocore = (): Model => read<Model>(`botocore/${name}/service-2.json`);

  test(`${name} knows the operations of the model and its protocol's particulars`, shared, () => {
    const service = serviceOf(name);
    const { metadata, operations } = botocore();
    const known = [...service.operations.keys(), ...service.unserved];
    assert.deepEqual(known.sort(), [...Object.keys(operations), ...(outsideOfModels[name] ?? [])].sort());
    assert.equal(service.version, metadata.apiVersion);
    assert.equal(service.protocol, metadata.protocol);
    assert.equal(service.xmlNamespace, metadata.xmlNamespace ?? '');
  });

  test(`${name}: members, places, limits, patterns and words are the model's`, shared, (t) => {
    const [service, model] = [serviceOf(name), botocore()];
    const compared = pairs(service, model);
    const found = compared
      .flatMap(([operation, described]) => differences(operation, model, described))
      .filter(({ path, fact }) => !notCompared(name, path).includes(fact));
    const unmeant = found.filter((one) => !deliberate.some((row) => isMeant(row, name, one)));
    const facts = compared.flatMap(([, described]) => [...layoutOfModel(model.shapes, described).values()]);
    const total = facts.reduce((sum, one) => sum + Object.keys(one).length, 0);
    t.diagnostic(`${compared.length} operations, ${total} facts, ${found.length - unmeant.length} meant differences`);
    assert.deepEqual(unmeant.map(told), []);
  });

  test(`${name}: members and places are those of the SDK's model too`, () => {
    const [service, model] = [serviceOf(name), readSdk(sdk)];
    const found = pairs(service, model)
      .flatMap(([operation, described]) => differences(operation, model, described))
      .filter((one) => !limits.includes(one.fact) && !isOlder(one));
    const unmeant = found.filter((one) => !deliberate.some((row) => isMeant(row, name, one)));
    assert.deepEqual(unmeant.map(told), []);
  });

  test(`${name}: methods, paths and statuses are the model's`, shared, () => {
    const [service, model] = [serviceOf(name), botocore()];
    for (const [{ name: operation, address }, { http }] of pairs(service, model)) {
      if (service.protocol === 'query') {
        assert.deepEqual([http?.method, http?.requestUri, address], ['POST', '/', undefined], operation);
        continue;
      }
      const path = (address?.segments ?? []).map((segment) =>
        'label' in segment ? `{${segment.label}}` : segment.literal,
      );
      const ours = [address?.method, `/${path.join('/')}`, address?.status];
      assert.deepEqual(ours, [http?.method, http?.requestUri, http?.responseCode ?? 200], operation);
    }
  });

  test(`${name}: every error declared is one of the model's, with its status`, shared, () => {
    const [service, model] = [serviceOf(name), botocore()];
    for (const [{ name: operation, errors }, described] of pairs(service, model)) {
      const theirs = (described.errors ?? []).map((reference) => {
        const { error } = shapeOf(model.shapes, reference);
        return `${error?.code ?? reference.shape} ${error?.httpStatusCode}`;
      });
      const ours = errors.map(({ code, status }) => `${code} ${status}`);
      assert.deepEqual(
        ours.filter((one) => !theirs.includes(one)),
        [],
        operation,
      );
      // Roles Anywhere's model names few errors, and every one of them can happen.
      if (all)
        assert.deepEqual(
          theirs.filter((one) => !ours.includes(one)),
          [],
          operation,
        );
    }
  });

  if (all) {
    test(`${name}: every operation of the model is served`, () => {
      assert.deepEqual([...serviceOf(name).unserved], []);
    });
  }
}

test('every row of what is meant covers a difference', shared, () => {
  const found = models.flatMap(({ service: name }) => {
    const model = read<Model>(`botocore/${name}/service-2.json`);
    return pairs(serviceOf(name), model)
      .flatMap(([operation, described]) => differences(operation, model, described))
      .map((difference) => ({ name, difference }));
  });
  const idle = deliberate.filter((row) => !found.some(({ name, difference }) => isMeant(row, name, difference)));
  assert.deepEqual(idle, []);
});

test("the SDK's model is older than botocore's in what is listed and in nothing else", shared, () => {
  const found = models.flatMap(({ service, sdk }) => {
    const [newer, older] = [read<Model>(`botocore/${service}/service-2.json`), readSdk(sdk)];
    return Object.entries(older.operations).flatMap(([operation, described]) => {
      const theirs = layoutOfModel(newer.shapes, newer.operations[operation] ?? {});
      const its = layoutOfModel(older.shapes, described);
      const differs = (path: string): boolean => {
        const [one, other] = [theirs.get(path), its.get(path)];
        return !one || !other || factDifferences(one, other).some(([fact]) => !limits.includes(fact));
      };
      return [...new Set([...theirs.keys(), ...its.keys()])].filter(differs).map((path) => ({ operation, path }));
    });
  });
  assert.deepEqual(
    found.filter((one) => !isOlder(one)),
    [],
  );
  const idle = olderInSdk.filter(
    (row) => !found.some(({ operation, path }) => row.operation.test(operation) && row.path.test(path)),
  );
  assert.deepEqual(idle, []);
});

test('a comparison sees what differs', shared, () => {
  const model = read<Model>('botocore/iam/service-2.json');
  const [operation, described] = pairs(serviceOf('iam'), model).find(([{ name }]) => name === 'CreateRole') ?? [];
  assert.ok(operation && described);
  const members = { ...operation.input.members };
  delete members.Path;
  const changed: Operation<never> = { ...operation, input: { kind: 'structure', members } };
  const before = differences(operation, model, described).length;
  assert.equal(differences(changed, model, described).length, before + 1);
});
