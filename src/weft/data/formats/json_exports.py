"""Reads the objects of exports whose fields lie deep: choices of annotators, messages of chats, names of labels."""

from __future__ import annotations

from typing import Any

_NAMES = ("name", "label", "title")
"""Keys of the name of an object, the first of several in this order."""
STARTS, ENDS = ("start", "start_offset", "start_idx", "begin", "from"), ("end", "end_offset", "end_idx", "to")
"""Keys of the first character of a span, and of its end."""
_NO_NAMES = {"text", "content", "value", "role", "offset", *STARTS, *ENDS}
"""Keys of objects that are more than a name: turns, options, spans."""


def as_row(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object with what an export has deep inside as fields of its own, or the same object."""
    return _with_turns(_with_choices(found))


def names_of(values: list[Any]) -> list[Any]:
    """Return the names of objects that are little else, `[{"id": 1, "name": "bug"}]`, or the same list."""
    first = values[0] if values else None
    name = next((one for one in _NAMES if one in first), "") if isinstance(first, dict) else ""
    named = name and all(isinstance(one, dict) and isinstance(one.get(name), str) for one in values)
    return [one[name] for one in values] if named and not any(_NO_NAMES & {*one} for one in values) else values


def _with_turns(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object of an export of ChatGPT or Claude with its turns as `messages`, or the same object."""
    if isinstance(found.get("mapping"), dict):
        said, rest = _branch(found["mapping"], found.get("current_node")), "mapping"
    elif isinstance(found.get("chat_messages"), list):
        said, rest = [one for one in found["chat_messages"] if isinstance(one, dict)], "chat_messages"
    else:
        return found
    turns = [turn for one in said if (turn := _turn(one))]
    return {**{name: value for name, value in found.items() if name != rest}, "messages": turns} if turns else found


def _branch(nodes: dict[str, Any], last: Any) -> list[dict[str, Any]]:
    """Return the messages from the first to the last node: of answers that were asked for again, the ones kept."""
    known = {key: node for key, node in nodes.items() if isinstance(node, dict)}
    key = last if isinstance(last, str) and last in known else next(reversed(known), None)
    said = []
    while key in known:
        node = known.pop(key)
        said.append(node.get("message"))
        key = node.get("parent") if isinstance(node.get("parent"), str) else None
    return [one for one in reversed(said) if isinstance(one, dict)]


def _turn(message: dict[str, Any]) -> dict[str, str] | None:
    """Return a message with `role` and `content`; None: it says nothing, or is that of a tool."""
    author, content = message.get("author"), message.get("content")
    role = author.get("role") if isinstance(author, dict) else message.get("sender")
    parts = content.get("parts") if isinstance(content, dict) else None
    text = "\n".join(one for one in parts if isinstance(one, str)) if isinstance(parts, list) else message.get("text")
    shown = isinstance(role, str) and role != "tool" and isinstance(text, str) and text.strip()
    return {"role": str(role), "content": str(text)} if shown else None


def _with_choices(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object of Label Studio's JSON with its first annotation's choices and spans as fields, or another."""
    annotations, data = found.get("annotations"), found.get("data")
    if not isinstance(annotations, list) or not isinstance(data, dict):
        return found
    valid = [one for one in annotations if isinstance(one, dict) and not one.get("was_cancelled")]
    results = valid[0].get("result") if valid else None
    chosen: dict[str, Any] = {}
    for one in results if isinstance(results, list) else ():
        value = one.get("value") if isinstance(one, dict) else None
        choices = value.get("choices") if isinstance(value, dict) else None
        if isinstance(choices, list) and all(isinstance(choice, str) for choice in choices):
            chosen[str(one.get("from_name"))] = choices[0] if len(choices) == 1 else choices
        elif isinstance(value, dict) and one.get("type") == "labels" and {"start", "end", "labels"} <= {*value}:
            chosen.setdefault(str(one.get("from_name")), []).append(value)
    return {**{name: value for name, value in found.items() if name != "annotations"}, **chosen} if chosen else found
