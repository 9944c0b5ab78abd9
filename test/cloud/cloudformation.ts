/**
 * CloudFormation's rules for changes of deployed stacks, as far as they can fail a deployment:
 * exports in use, names that are taken, retained and protected resources, versions of functions,
 * and reserved concurrency.
 * A template is applied to the previous one; each refusal is a sentence.
 */

type Json = unknown;
type Resource = {
  Type: string;
  Properties?: Record<string, Json>;
  DeletionPolicy?: string;
  DependsOn?: string | string[];
};
export type Template = {
  Resources: Record<string, Resource>;
  Parameters?: Record<string, Json>;
  Outputs?: Record<string, { Value: Json; Export?: { Name: Json } }>;
};
/** A stack of an assembly; these are in the order in which they are deployed. */
/** `after` names the stacks that CDK deploys before it, if the test asks for that. */
export type Stack = { name: string; template: Template; after?: readonly string[] };

/** Properties that name a resource, which must be unique per kind. */
const nameProperties = [
  ...["FunctionName", "TableName", "QueueName", "LogGroupName", "AlarmName", "TopicName"],
  ...[
    "BackupVaultName",
    "DashboardName",
    "Domain",
    "ClusterName",
    "ServiceName",
    "RoleName",
    "Name",
  ],
];

/** Kinds that are identified by another resource's name, or whose names need not be unique. */
const unnamed = new Set([
  ...["AWS::Lambda::Permission", "AWS::Lambda::Alias", "AWS::Lambda::Version"],
  ...["AWS::Lambda::EventSourceMapping", "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"],
  ...["AWS::ApiGatewayV2::Authorizer", "AWS::Route53::RecordSet", "AWS::IAM::RolePolicy"],
  ...["AWS::Cognito::UserPoolResourceServer", "AWS::SNS::Subscription"],
]);

/** Other properties whose change replaces the resource, for the kinds that we use. */
const replacing: Record<string, readonly string[]> = {
  "AWS::Lambda::EventSourceMapping": ["EventSourceArn", "StartingPosition"],
  "AWS::CertificateManager::Certificate": ["DomainName"],
  "AWS::Backup::BackupSelection": ["BackupSelection"],
  "AWS::Route53::RecordSet": ["Name", "HostedZoneId"],
};

const text = (value: Json) => JSON.stringify(value);

/** The arguments of one of CloudFormation's functions, anywhere in a template. */
function argumentsOf(value: Json, name: string): Json[] {
  if (Array.isArray(value)) return value.flatMap((one) => argumentsOf(one, name));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === name ? [inner, ...argumentsOf(inner, name)] : argumentsOf(inner, name),
  );
}

/** What `usesOf` has found, by template and function. */
const foundUses = new WeakMap<Template, Map<string, Json[]>>();

/**
 * The arguments of one of CloudFormation's functions in a template's resources. Each template is
 * searched once, so it must not change afterwards.
 */
function usesOf(template: Template, name: string): Json[] {
  const known = foundUses.get(template) ?? new Map<string, Json[]>();
  const uses = known.get(name) ?? argumentsOf(template.Resources, name);
  foundUses.set(template, known.set(name, uses));
  return uses;
}

/** For example `AWS::Lambda::Function "ovation-dev-app-health"`; undefined without a fixed name. */
function nameOf({ Type, Properties = {} }: Resource): string | undefined {
  if (unnamed.has(Type)) return undefined;
  const property = nameProperties.find((one) => Properties[one] !== undefined);
  return property && `${Type} ${text(Properties[property])}`;
}

const isKept = ({ DeletionPolicy = "Delete" }: Resource) => DeletionPolicy !== "Delete";

/** Whether AWS refuses to delete it until its protection is disabled. */
export const isProtected = ({ Properties = {} }: Resource) =>
  /"DeletionProtection(Enabled)?":(true|"ACTIVE")/.test(text(Properties));

function isReplaced(before: Resource, after: Resource): boolean {
  if (before.Type !== after.Type) return true;
  const property = nameProperties.find((one) => before.Properties?.[one] !== undefined);
  const named = property !== undefined && !unnamed.has(before.Type) ? [property] : [];
  return [...named, ...(replacing[after.Type] ?? [])].some(
    (one) => text(before.Properties?.[one]) !== text(after.Properties?.[one]),
  );
}

/** The resources that must exist before a resource is created. */
function needsOf({ Properties, DependsOn = [] }: Resource): string[] {
  const attributes = argumentsOf(Properties, "Fn::GetAtt").map((one) => [one].flat()[0]);
  return [...[DependsOn].flat(), ...argumentsOf(Properties, "Ref"), ...attributes].map(String);
}

/** All resources that exist before a resource is created. */
function before(template: Template, id: string, found = new Set<string>()): Set<string> {
  for (const need of needsOf(template.Resources[id]!))
    if (need in template.Resources && !found.has(need)) before(template, need, found.add(need));
  return found;
}

/**
 * Protected resources of a stack that may exist when another of its resources fails, so that a
 * first deployment could neither be rolled back nor repeated.
 */
export const protectedTooEarly = ({ name, template }: Stack): string[] =>
  Object.entries(template.Resources)
    .filter(([, resource]) => isProtected(resource))
    .flatMap(([id]) => {
      const earlier = before(template, id);
      return Object.keys(template.Resources)
        .filter((other) => other !== id && !earlier.has(other))
        .map((other) => `${name}: ${id} is protected and may be there when ${other} fails`);
    });

/** Settings of a function that its versions do not have. */
const unversioned = [
  ...["ReservedConcurrentExecutions", "RecursiveLoop", "RuntimeManagementConfig", "Tags"],
];

/** What a version of a function keeps. */
const versioned = ({ Properties = {} }: Resource) =>
  text(Object.entries(Properties).filter(([name]) => !unversioned.includes(name)));

/** Whether a resource has parameters, which may have another value in the next deployment. */
const hasParameters = ({ Parameters = {} }: Template, resource: Resource) =>
  argumentsOf(resource.Properties, "Ref").some((one) => String(one) in Parameters);

const reservedOf = ({ Properties = {} }: Resource) =>
  Number(Properties.ReservedConcurrentExecutions ?? 0);

/** What is deployed, and what earlier deployments retained. */
export class Account {
  readonly stacks = new Map<string, Template>();
  /** Retained resources of deleted stacks, by name. */
  readonly kept = new Set<string>();
  private readonly reservable: number;

  constructor(reservable = Number.POSITIVE_INFINITY) {
    this.reservable = reservable;
  }

  /** Deploys stacks in order until a refusal; returns the refusals of that stack. */
  deploy(stacks: readonly Stack[]): string[] {
    const unchanged = new Map(this.stacks);
    for (const stack of stacks) {
      const problems = this.problemsOf(stack);
      if (problems.length > 0) return problems.map((one) => `${stack.name}: ${one}`);
      this.apply(stack.name, stack.template);
    }
    return this.staleIn(unchanged);
  }

  /** Deletes stacks in reverse order. */
  destroy(stacks: readonly Stack[]): string[] {
    for (const { name } of stacks.toReversed()) {
      const problems = this.problemsOf({ name, template: { Resources: {} } });
      if (problems.length > 0) return problems.map((one) => `${name}: ${one}`);
      this.apply(name, { Resources: {} });
      this.stacks.delete(name);
    }
    return [];
  }

  private problemsOf({ name, template }: Stack): string[] {
    const old = this.stacks.get(name) ?? { Resources: {} };
    return [
      ...this.missing(template),
      ...this.exportsInUse(name, old, template),
      ...this.taken(name, old, template),
      ...this.undeletable(old, template),
      ...this.firewallsInUse(name, old, template),
      ...this.sameVersions(old, template),
      ...this.overReserved(name, old, template),
    ];
  }

  private missing(template: Template): string[] {
    const exported = new Set(
      [...this.stacks.values()].flatMap((one) => [...exportsOf(one).keys()]),
    );
    const imports = usesOf(template, "Fn::ImportValue").map(text);
    const told = usesOf(template, "Fn::GetStackOutput") as Told[];
    return [
      ...imports.filter((one) => !exported.has(one)).map((one) => `nobody exports ${one}`),
      ...told
        .filter(({ StackName, OutputName }) => !this.stacks.get(StackName)?.Outputs?.[OutputName])
        .map(({ StackName, OutputName }) => `${StackName} has no output ${OutputName}`),
    ];
  }

  private exportsInUse(name: string, old: Template, template: Template): string[] {
    const exported = exportsOf(template);
    return [...exportsOf(old)].flatMap(([key, value]) => {
      const [id] = [
        ...argumentsOf(value, "Ref"),
        ...argumentsOf(value, "Fn::GetAtt").map((one) => [one].flat()[0]),
      ].map(String);
      const [was, is] = [old.Resources[id!], template.Resources[id!]];
      const isSame = text(exported.get(key)) === text(value) && !(was && is && isReplaced(was, is));
      const users = [...this.stacks].filter(
        ([other, its]) => other !== name && usesOf(its, "Fn::ImportValue").map(text).includes(key),
      );
      return isSame || users.length === 0
        ? []
        : [`the export ${key} cannot change: ${users.map(([user]) => user).join()} use it`];
    });
  }

  private taken(name: string, old: Template, template: Template): string[] {
    const there = new Map<string, string>([...this.kept].map((one) => [one, "is kept"]));
    for (const [stack, { Resources }] of this.stacks)
      for (const [id, resource] of Object.entries(Resources)) {
        const its = nameOf(resource);
        const isOwn = stack === name && template.Resources[id] !== undefined;
        if (its && !isOwn) there.set(its, `is in ${stack}`);
      }
    return Object.entries(template.Resources).flatMap(([id, resource]) => {
      const was = old.Resources[id];
      const its = nameOf(resource);
      if (!its || (was && !isReplaced(was, resource)) || !there.has(its)) return [];
      return [`${its} ${there.get(its)}`];
    });
  }

  private undeletable(old: Template, template: Template): string[] {
    return Object.entries(old.Resources)
      .filter(([id]) => template.Resources[id] === undefined)
      .filter(([, resource]) => isProtected(resource) && !isKept(resource))
      .map(([id]) => `${id} is protected and would be deleted`);
  }

  /** A web ACL that a distribution uses cannot be deleted, and would stay under its name. */
  private firewallsInUse(name: string, old: Template, template: Template): string[] {
    const isOutput = (id: string, { StackName, OutputName }: Told) =>
      StackName === name && text(old.Outputs?.[OutputName]?.Value).includes(`"${id}"`);
    return Object.entries(old.Resources)
      .filter(([id, { Type }]) => Type === "AWS::WAFv2::WebACL" && !template.Resources[id])
      .flatMap(([id]) => {
        const users = [...this.stacks].filter(([, its]) =>
          (usesOf(its, "Fn::GetStackOutput") as Told[]).some((told) => isOutput(id, told)),
        );
        return users.map(([user]) => `${id} cannot be deleted: ${user} uses it`);
      });
  }

  /**
   * Lambda publishes no version of a function whose code and settings are those of its last one.
   * https://github.com/aws/aws-cdk/issues/5334
   */
  private sameVersions(old: Template, template: Template): string[] {
    const versionsOf = ({ Resources }: Template) =>
      Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
        Type === "AWS::Lambda::Version" ? [{ id, of: text(Properties?.FunctionName) }] : [],
      );
    const before = versionsOf(old);
    return versionsOf(template).flatMap(({ id, of }) => {
      const isNew = before.some((one) => one.of === of) && !old.Resources[id];
      const [target = ""] = argumentsOf(JSON.parse(of), "Ref").map(String);
      const [was, is] = [old.Resources[target], template.Resources[target]];
      if (!isNew || !was || !is || hasParameters(template, is)) return [];
      return versioned(was) === versioned(is) ? [`a version of ${target} exists`] : [];
    });
  }

  /** A stack may raise one reservation before it lowers another. */
  private overReserved(name: string, old: Template, template: Template): string[] {
    const ids = new Set([...Object.keys(old.Resources), ...Object.keys(template.Resources)]);
    let sum = 0;
    for (const id of ids) {
      const [was, is] = [old.Resources[id], template.Resources[id]];
      sum += Math.max(was ? reservedOf(was) : 0, is ? reservedOf(is) : 0);
    }
    for (const [other, { Resources }] of this.stacks)
      if (other !== name)
        for (const resource of Object.values(Resources)) sum += reservedOf(resource);
    return sum > this.reservable ? [`${sum} of ${this.reservable} executions are reserved`] : [];
  }

  private apply(name: string, template: Template): void {
    const old = this.stacks.get(name) ?? { Resources: {} };
    for (const [id, resource] of Object.entries(old.Resources)) {
      const is = template.Resources[id];
      const its = nameOf(resource);
      if (its && isKept(resource) && (is === undefined || isReplaced(resource, is)))
        this.kept.add(its);
    }
    this.stacks.set(name, template);
  }

  /** Stacks that keep another stack's old output, since nothing else in them changed. */
  private staleIn(earlier: ReadonlyMap<string, Template>): string[] {
    return [...this.stacks].flatMap(([name, template]) => {
      if (text(earlier.get(name)) !== text(template)) return [];
      return (usesOf(template, "Fn::GetStackOutput") as Told[])
        .filter(({ StackName, OutputName }) => {
          const [was, is] = [earlier.get(StackName), this.stacks.get(StackName)];
          const value = is?.Outputs?.[OutputName]?.Value;
          const [id] = argumentsOf(value, "Ref").map(String);
          const replaced =
            id && was?.Resources[id] && isReplaced(was.Resources[id], is!.Resources[id]!);
          return text(was?.Outputs?.[OutputName]?.Value) !== text(value) || replaced;
        })
        .map(({ OutputName }) => `${name}: goes on with an old ${OutputName}`);
    });
  }
}

type Told = { StackName: string; OutputName: string };

/** A template's exports by name. */
export const exportsOf = ({ Outputs = {} }: Template): Map<string, Json> =>
  new Map(
    Object.values(Outputs).flatMap(({ Export, Value }) =>
      Export === undefined ? [] : [[text(Export.Name), Value] as const],
    ),
  );
