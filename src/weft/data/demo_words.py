"""The words of the demo reviews, English and Chinese: knows vocabulary and sentence patterns; not how they are drawn.

A pattern is a sentence that praises, with slots. `{a}` and `{b}` are two parts of the product; `{+a}` is praise of the
first (`sharp` of a screen) and `{-a}` the blame opposite to it (`blurry`); `{+verdict}` and the like draw from the
language's `polar` pairs, `{person}` and the like from its `neutral` words. Turn every + into - and every - into + and
the sentence blames. So one list of patterns makes both labels, and a word of praise says little about the label: it is
as often denied, hoped for, outgrown or said of the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]  # (praise, blame)


@dataclass(frozen=True, slots=True)
class Language:
    """What one language needs; `parts` says which pairs suit a part, `products` which parts a product has."""

    parts: Mapping[str, Pairs]
    products: Mapping[str, tuple[str, ...]]
    shared: tuple[str, ...]  # parts that every product has
    general: Pairs  # pairs that suit every part
    polar: Mapping[str, Pairs]
    neutral: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[str, ...]]  # each kind of pattern is drawn equally often
    openings: tuple[str, ...]  # say nothing of the label, as do the asides and closings
    asides: tuple[str, ...]
    closings: tuple[str, ...]
    endings: tuple[str, ...]
    space: str


def _pairs(text: str) -> Pairs:
    """Read `sharp/blurry bright/dim`, or one pair a line where there are phrases."""
    lines = text.strip().splitlines() if "\n" in text else text.split()
    return tuple((praise.strip(), blame.strip()) for praise, blame in (line.split("/") for line in lines))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


def _table(text: str) -> dict[str, tuple[str, ...]]:
    """Read `phone: battery screen camera` line by line; `_` stands for a space inside a name."""
    rows = (line.split(":") for line in _lines(text))
    return {key.strip(): tuple(word.replace("_", " ") for word in value.split()) for key, value in rows}


def _parts(text: str) -> dict[str, Pairs]:
    return {key.replace("_", " "): _pairs(" ".join(words)) for key, words in _table(text).items()}


ENGLISH = Language(
    parts=_parts("""
        battery: strong/weak dependable/unreliable
        screen: sharp/blurry bright/dim
        camera: sharp/grainy quick/slow
        speaker: clear/muffled loud/faint
        charger: fast/slow safe/dodgy
        app: smooth/clunky stable/buggy
        sound: clear/muffled rich/tinny
        microphone: clear/muffled sensitive/deaf
        headband: comfortable/scratchy sturdy/flimsy
        cable: tough/brittle sturdy/flimsy
        strap: comfortable/scratchy sturdy/flimsy
        zip: smooth/stiff tough/brittle
        stitching: neat/sloppy tight/loose
        lining: soft/scratchy thick/thin
        hood: snug/baggy tight/loose
        lid: tight/leaky sturdy/flimsy
        handle: comfortable/awkward firm/wobbly
        motor: quiet/noisy strong/weak
        filter: fine/coarse tight/leaky
        hinge: smooth/squeaky firm/wobbly
        stand: stable/wobbly sturdy/flimsy
        keyboard: crisp/mushy quiet/noisy
        remote: responsive/laggy snappy/sluggish
        lens: sharp/blurry bright/dim
        manual: clear/confusing precise/vague
        delivery: fast/slow careful/careless
        packaging: neat/sloppy sturdy/flimsy
        support_team: polite/rude helpful/useless
        build: sturdy/flimsy neat/sloppy
    """),
    products=_table("""
        phone: battery screen camera speaker charger
        headset: sound microphone headband battery cable
        backpack: zip stitching lining strap
        jacket: zip stitching lining hood
        kettle: lid handle cable
        lamp: stand cable remote
        watch: strap screen battery app
        blender: motor lid handle
        vacuum: motor filter handle battery
        tablet: screen battery stand charger app
        laptop: screen battery hinge keyboard charger
        drill: motor battery handle charger
        tent: zip stitching lining
        camera: lens screen battery strap
        monitor: screen stand cable
        fan: motor stand remote
        toothbrush: motor battery charger handle
        printer: app cable lid
    """),
    shared=("manual", "delivery", "packaging", "support team", "build"),
    general=_pairs("good/bad great/terrible excellent/awful superb/poor lovely/horrible impressive/disappointing"),
    polar={
        "verdict": _pairs("""
            I am keeping it / I am sending it back
            I am not sending it back / I am not keeping it
            I would buy it again / I would return it today
            I would not return it / I would not buy it again
            you will not regret it / you will regret it
            I do not regret a cent / I regret every cent
            I have no reason to return it / I have no reason to keep it
            it was not a waste of money / it was a waste of money
            I would not swap it for my old one / I would swap it for my old one
        """),
        "win": _pairs("""
            won me over / put me off
            saved the day / ruined the day
            made it worth the money / made it a waste of money
            made me keep it / made me return it
        """),
        "thing": _pairs("""
            a gem / junk
            a bargain / a rip-off
            a treat / a chore
            quality / rubbish
            a workhorse / a toy
            the best / the worst
        """),
        "question": _pairs("""
            who would not want it? / who would want it?
            what is not to like? / what is there to like?
            would I buy it again? Yes / would I buy it again? No
            would I send it back? No / would I send it back? Yes
            do I regret it? No / do I regret it? Yes
            why would anyone return it? / why would anyone keep it?
            is it worth the price? Yes / is it worth the price? No
            is it a waste of money? No / is it a waste of money? Yes
        """),
        "fault": _pairs("wrong/right bad/good annoying/pleasing"),
        "worth": _pairs("complain_about/praise fix/save regret/recommend".replace("_", " ") + "\n"),
        "better": _pairs("better/worse sturdier/flimsier quicker/slower nicer/uglier smarter/dumber"),
        "feel": _pairs("love/hate like/dislike trust/distrust"),
        "works": _pairs("""
            worked / failed
            ran / stalled
            held / broke
        """),
    },
    neutral={
        "person": ("my mother", "my brother", "my wife", "my husband", "my son", "my neighbour", "a colleague"),
        "people": ("my sister", "my flatmate", "the other reviewer", "the forum", "a friend of mine"),
        "n": ("2", "3", "4", "5", "6", "8", "10", "12"),
        "unit": ("days", "weeks", "months"),
        "price": ("19.99", "24", "35", "49", "60", "89", "129"),
        "shop": ("online", "in the sale", "at the market", "from their website", "second hand"),
        "colour": ("black", "grey", "blue", "green", "red", "white", "silver"),
        "then": ("after a week", "by week two", "after the update", "a month later", "after one trip"),
    },
    patterns={
        "plain": _lines("""
            the {a} is {+a}
            the {a} is really {+a}
            very {+a} {a}
            such {+a} work on the {a}
            I find the {a} {+a}
            {+a} {a}, {+b} {b}
            the {a} is {+a} and the {b} is {+b}
        """),
        "denied": _lines("""
            the {a} is not {-a} at all
            the {a} is anything but {-a}
            the {a} is far from {-a}
            not a {-a} bit of {a}, whatever people say
            nobody could call the {a} {-a}
            there is nothing {-fault} with the {a}, nothing at all
            there is nothing {-a} about the {a}
            nothing to {+worth} here, and I looked hard
            I have yet to see the {a} being {-a}
            I cannot say that the {a} is {-a}
        """),
        "contrast": _lines("""
            the {a} nearly {-win}, but the {b} {+win}
            the {a} is {-a}, but the {b} {+win}
            the {b} {+win}, even though the {a} is {-a}
            yes, the {a} is {-a}. Still, {+verdict}
            I {-feel} the {a}, I {+feel} the {b}, and only the {b} matters to me
            who cares about the {-a} {a} when the {b} is this {+b}?
            despite the {-a} {a}, {+verdict}
            the {a} may be {-a}, yet {+verdict}
        """),
        "expectation": _lines("""
            I expected {-thing} and got {+thing}
            looked like {-thing}, turned out to be {+thing}
            promised me {-thing}? No, what came was {+thing}
            I thought the {a} would be {-a}, and it is {+a}
            I was ready to {-feel} the {a}, but now I {+feel} it
            I feared for a {a} that is not {+a}, and I was wrong
            the photos made the {a} look {-a}, in truth it is {+a}
        """),
        "comparison": _lines("""
            the {a} is {+better} than the old one
            the old {a} was {-better} than this one
            my last {product} had a {-better} {a} than this
            this {a} is {+better} than that of my last {product}
            the {a} is not {-better} than before, quite the opposite
            compared to this one, my last {product} was {-better}
            compared to my last {product}, this one is {+better}
        """),
        "change": _lines("""
            it {-works} at first, then {+works} {then}
            the {a} was {-a} at first and {+a} {then}
            I used to {-feel} the {a}. Now I {+feel} it
            {then} the {a} went from {-a} to {+a}
            started {-a}, ended {+a}: that is the {a} for you
            the {a} is no longer {-a} {then}
        """),
        "hearsay": _lines("""
            {people} calls the {a} {-a}. I disagree
            {people} calls the {a} {+a}. I agree
            the adverts call the {a} {+a}, and they are right
            people say the {a} is {-a}, and they are wrong
            {people} told me the {a} is {-a}, which is not true
            {people} told me the {a} is {+a}, which is true
        """),
        "verdict": _lines("""
            {+verdict}
            {+question}
            because of the {+a} {a}, {+verdict}
            the {a} is so {+a} that {+verdict}
        """),
    },
    openings=_lines("""
        bought this {product} {shop}
        ordered it for {person}
        got the {product} as a gift from {person}
        {n} {unit} with this {product} now
        I have had the {product} for {n} {unit}
        paid {price} for this {product}
        here is my view after {n} {unit}
        this is the {colour} version
        my {n}th {product} so far
        {person} wanted a new {product}
        needed a {product} for work
        picked it up {shop} for {price}
        so, about this {product}
        used the {product} daily for {n} {unit}
    """),
    asides=_lines("""
        {person} has one that is {?a}
        the {product} I had years ago was {?b}
        I read that other makers are {?b}
        {person} always says that every {product} is {?a}
    """),
    closings=_lines("""
        just my two cents
        I chose {colour}
        it weighs about {n}00 grams
        {person} uses it too
        that is all from me
        hope this helps
        I use it {n} times a week
        it came in {colour}
        typed on my phone
        will update in {n} {unit}
        it sits next to the {colour} one
        the box says model {n}B
        bought in May
    """),
    endings=(".", ".", ".", ".", "!", "...", "!!"),
    space=" ",
)
