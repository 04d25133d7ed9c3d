// The member of a request that names what it is about, for operations that are written once for several kinds.
import { type Member, required, type StringShape } from '../../contract/shape.ts';
import { type EntityKind, entities } from './entities.ts';

export type Naming = {
  /** The required member. Its name is not in the type, for only a table knows it. */
  readonly members: Readonly<Record<never, Member>>;
  /** The name in an input that is not validated yet. */
  asked(input: object): string | undefined;
  /** The name in a validated input. */
  given(input: object): string;
  /** The member of an answer. */
  shown(name: string): Readonly<Record<string, string>>;
};

export function naming(member: string, shape: StringShape, doc: string): Naming {
  const asked = (input: object) => {
    const name: unknown = Reflect.get(input, member);
    return typeof name === 'string' ? name : undefined;
  };
  return {
    members: { [member]: required(shape, { doc }) },
    asked,
    given(input) {
      const name = asked(input);
      // INVARIANT: the member is required, and validation comes before the operation.
      if (name === undefined) throw new Error(`a validated input has no ${member}`);
      return name;
    },
    shown: (name) => ({ [member]: name }),
  };
}

/** The member that names an entity of the kind: `UserName`, `GroupName`, `RoleName`. */
export function entityNaming(kind: EntityKind, shape: StringShape = entities[kind].nameShape): Naming {
  return naming(entities[kind].nameMember, shape, `The name of the ${kind}, in any case.`);
}
