"""The GraphQL documents: a whole pull request with reviews and checks costs one request."""

from __future__ import annotations

from typing import Final

_PULL: Final = """
fragment pull on PullRequest {
  number title body url state createdAt updatedAt mergedAt id
  author { login }
  headRefName headRefOid baseRefName baseRefOid
  mergeCommit { oid }
  mergedBy { login ... on User { name } }
  reviews(last: 100, states: [APPROVED]) {
    nodes { submittedAt commit { oid } author { login ... on User { name } } }
  }
  commits(last: 10) { nodes { commit {
    oid message tree { oid }
    statusCheckRollup { contexts(first: 50) { nodes {
      ... on CheckRun { __typename name conclusion completedAt startedAt title summary }
      ... on StatusContext { __typename context state description createdAt }
    } } }
  } } }
}
"""

PULLS: Final = (
    """
query($owner: String!, $name: String!, $states: [PullRequestState!], $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: 30, states: $states, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes { ...pull }
    }
  }
}
"""
    + _PULL
)

ONE_PULL: Final = (
    """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { ...pull } }
}
"""
    + _PULL
)

BEFORE_PROPOSING: Final = (
    """
query($owner: String!, $name: String!, $branch: String!, $key: String!) {
  repository(owner: $owner, name: $name) {
    ref(qualifiedName: $branch) { target { oid ... on Commit { tree { oid } } } }
    refs(refPrefix: "refs/heads/mergecells/", query: $key, first: 100) {
      nodes { name target { oid } associatedPullRequests(first: 5) { nodes { ...pull } } }
    }
  }
}
"""
    + _PULL
)

COMMENTS: Final = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { comments(last: 100) { nodes { databaseId body viewerDidAuthor } } }
  }
}
"""

AUTO_MERGE: Final = """
mutation($pull: ID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $pull, mergeMethod: MERGE}) { pullRequest { number } }
}
"""


def blobs_query(blobs: list[str]) -> str:
    """One query for the contents of many blobs. A blob's name is 40 hexadecimal digits, so nothing needs quoting."""
    parts = " ".join(
        f'b{index}: object(oid: "{blob}") {{ ... on Blob {{ isBinary isTruncated text }} }}'
        for index, blob in enumerate(blobs)
    )
    return f"query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {parts} }} }}"
