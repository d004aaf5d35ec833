// Answers lines of JSON on stdin: what a workflow file says (GitHub's parser), what an expression gives (GitHub's evaluator).
import { register } from 'node:module';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';

register('./json_hooks.mjs', import.meta.url);
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');
const { data, Evaluator, Lexer, Parser } = await import('@actions/expressions');

/** A token as plain JSON; an expression is `{"$": "github.sha"}`. */
function plain(token) {
  if (token === null || typeof token !== 'object') return token;
  if (token.type === 1) return token.seq.map(plain);
  if (token.type === 2) return Object.fromEntries(token.map.map(({ Key, Value }) => [String(plain(Key)), plain(Value)]));
  if (token.type === 3) return { $: token.expr };
  throw new Error(`a token of type ${token.type}`);
}

async function parse(path) {
  const { context, value } = parseWorkflow({ name: path, content: readFileSync(path, 'utf8') }, new NoOperationTraceWriter());
  const errors = context.errors.getErrors().map((error) => error.message);
  if (errors.length) return { errors };
  const template = await convertWorkflowTemplate(context, value);
  const conditions = (each) => each.if.expression;
  const jobs = template.jobs.map((job) => ({ id: job.id.value, if: conditions(job), needs: (job.needs ?? []).map((need) => need.value),
    steps: job.steps.map((step) => ({ id: step.id, if: conditions(step) })) }));
  return { errors: (template.errors ?? []).map((error) => error.Message), events: template.events, jobs, raw: plain(JSON.parse(JSON.stringify(value))) };
}

/** `status` is what success() and its kin look at: success, failure or cancelled. */
function evaluate(expression, contexts, status) {
  const says = (name, call) => ({ name, minArgs: 0, maxArgs: 0, call });
  const functions = [
    says('always', () => new data.BooleanData(true)),
    says('success', () => new data.BooleanData(status === 'success')),
    says('failure', () => new data.BooleanData(status === 'failure')),
    says('cancelled', () => new data.BooleanData(status === 'cancelled')),
  ];
  const known = JSON.parse(JSON.stringify(contexts), data.reviver);
  const tree = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), functions).parse();
  const result = new Evaluator(tree, known, new Map(functions.map((each) => [each.name, each]))).evaluate();
  return { text: result.coerceString(), truth: truth(result) };
}

/** https://docs.github.com/actions/reference/evaluate-expressions: false, 0, -0, "", null are falsy. */
function truth(value) {
  return ![false, 0, '', null].includes(JSON.parse(JSON.stringify(value, data.replacer) ?? 'null'));
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { path, expression, contexts, status } = JSON.parse(line);
    answer = path ? await parse(path) : evaluate(expression, contexts, status);
  } catch (error) {
    answer = { failed: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
