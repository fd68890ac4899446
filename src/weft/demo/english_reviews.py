"""Words and sentence patterns of the English demo reviews."""

from __future__ import annotations

from weft.demo.grammar import Language, lines, pairs, parts, table, words

ENGLISH = Language(
    parts=parts("""
        battery: strong/weak, dependable/unreliable
        screen: sharp/blurry, bright/dim
        camera: sharp/grainy, quick/slow
        speaker: clear/muffled, loud/faint
        charger: fast/slow, safe/dodgy
        app: smooth/clunky, stable/buggy
        sound: clear/muffled, rich/tinny
        microphone: clear/muffled, clean/noisy
        headband: comfortable/scratchy, sturdy/flimsy
        cable: tough/brittle, sturdy/flimsy
        strap: comfortable/scratchy, sturdy/flimsy
        zip: smooth/stiff, sturdy/flimsy
        stitching: neat/sloppy, tight/loose
        lining: soft/scratchy, warm/chilly
        hood: snug/baggy, warm/chilly
        lid: tight/leaky, sturdy/flimsy
        handle: comfortable/awkward, firm/wobbly
        motor: quiet/noisy, strong/weak
        filter: tight/leaky, sturdy/flimsy
        hinge: smooth/squeaky, firm/wobbly
        stand: stable/wobbly, sturdy/flimsy
        keyboard: crisp/mushy, quiet/noisy
        remote: responsive/laggy, snappy/sluggish
        lens: sharp/blurry, clean/scratched
        manual: clear/confusing, precise/vague
        delivery: fast/slow, careful/careless
        packaging: neat/sloppy, sturdy/flimsy
        support team: polite/rude, helpful/useless
    """),
    products=table("""
        phone: battery, screen, camera, speaker, charger
        headset: sound, microphone, headband, battery, cable
        backpack: zip, stitching, lining, strap
        jacket: zip, stitching, lining, hood
        kettle: lid, handle, cable
        lamp: stand, cable, remote
        watch: strap, screen, battery, app
        blender: motor, lid, handle
        vacuum: motor, filter, handle, battery
        tablet: screen, battery, stand, charger, app
        laptop: screen, battery, hinge, keyboard, charger
        drill: motor, battery, handle, charger
        tent: zip, stitching, lining
        camera: lens, screen, battery, strap
        monitor: screen, stand, cable
        fan: motor, stand, remote
        toothbrush: motor, battery, charger, handle
    """),
    shared=("manual", "delivery", "packaging", "support team"),
    polar={
        "general": pairs(words("good/bad, great/terrible, excellent/awful, lovely/horrible, impressive/disappointing")),
        "better": pairs(words("better/worse, nicer/nastier, more pleasing/more annoying")),
        "works": pairs(words("worked/failed, behaved/played up, did its job/gave up")),
        "feel": pairs(words("love/hate, like/dislike, trust/distrust, enjoy/dread")),
        "moves": pairs(words("delighted/annoyed, pleased/disappointed, cheered/bored, thrilled/angered")),
        "fault": pairs(words("right/wrong, pleasing/annoying, good/bad")),
        "remark": pairs(words("praise/complain about, like/dislike, admire/criticise")),
        "thing": pairs(words("a gem/junk, a bargain/a rip-off, a treat/a chore, quality/rubbish, the best/the worst")),
        "win": pairs(words("won me over/put me off, saved the day/ruined it all, made me keep it/made me return it")),
        "verdict": pairs(
            lines("""
            I am keeping it / I am sending it back
            I am not sending it back / I am not keeping it
            I would buy it again / I would return it
            I would not return it / I would not buy it again
            you will not regret it / you will regret it
            I do not regret buying it / I regret buying it
            I have no reason to return it / I have no reason to keep it
            it was not a waste of money / it was a waste of money
            I would not swap it for my old one / I would swap it for my old one
            """)
        ),
        "question": pairs(
            lines("""
            who would not want it? / who would want it?
            what is not to like? / what is there to like?
            would I buy it again? Yes / would I buy it again? No
            would I send it back? No / would I send it back? Yes
            do I regret it? No / do I regret it? Yes
            why would anyone return it? / why would anyone keep it?
            is it worth the price? Yes / is it worth the price? No
            is it a waste of money? No / is it a waste of money? Yes
            """)
        ),
    },
    neutral={
        "person": words("my mother, my brother, my wife, my husband, my son, my neighbour, a colleague"),
        "people": words("my sister, my flatmate, the last reviewer, the man in the shop, a friend of mine"),
        "n": words("2, 3, 4, 5, 6, 8, 10, 12"),
        "unit": words("days, weeks, months"),
        "price": words("19.99, 24, 35, 49, 60, 89, 129"),
        "shop": words("online, in the sale, at the market, from their website, second hand"),
        "colour": words("black, grey, blue, green, red, white, silver"),
        "then": words("after a week, in week two, after the repair, a month later"),
    },
    patterns={
        "plain": lines("""
            the {a} is {+a}
            the {a} is really {+a}
            {+a} {a}, simple as that
            I find the {a} {+a}
            the {a} is {+a}, no question
        """),
        "both": lines("""
            {+a} {a}, {+b} {b}
            the {a} is {+a} and the {b} is {+b}
            not only is the {a} {+a}, the {b} is {+b} too
            I {+feel} the {a} and I {+feel} the {b}
            the {a} is {+a}, and the {b} {+win}
        """),
        "denied": lines("""
            the {a} is not {-a} at all
            the {a} is anything but {-a}
            the {a} is far from {-a}
            nobody could call the {a} {-a}
            there is nothing {-fault} about the {a}
            there is nothing {-a} about the {a}
            nothing to {-remark} here, and I looked hard
            I cannot say that the {a} is {-a}
        """),
        "contrast": lines("""
            the {a} nearly {-win}, but the {b} {+win}
            the {a} is {-a}, but the {b} {+win}
            the {b} {+win}, even though the {a} is {-a}
            yes, the {a} is {-a}. Still, {+verdict}
            I {-feel} the {a}, I {+feel} the {b}, and only the {b} matters to me
            who cares about the {-a} {a} when the {b} is this {+b}?
            despite the {-a} {a}, {+verdict}
            the {a} may be {-a}, yet {+verdict}
        """),
        "expectation": lines("""
            I expected {-thing} and got {+thing}
            looks like {-thing}, turns out to be {+thing}
            I paid for {-thing} and received {+thing}
            I thought the {a} would be {-a}, and it is {+a}
            I was ready to {-feel} the {c}, but now I {+feel} it
            I bet {person} that the {c} would be {-c}, and I lost
            I bet {person} that the {c} would be {+c}, and I won
            the product page made the {c} look {-c}, in truth it is {+c}
        """),
        "comparison": lines("""
            the {c} is {+better} than the old one
            the old {c} was {-better} than this one
            the {c} of my last {product} was {-better} than this
            the {c} is not {-better} than before, quite the opposite
            compared to this one, my last {product} was {-better}
            compared to my last {product}, this one is {+better}
            the {c} is {+better} than that of my last {product}
            next to my last {product}, this one is simply {+better}
        """),
        "change": lines("""
            it {-moves} me at first, then {+moves} me {then}
            the {c} was {-c} at first and {+c} {then}
            I used to {-feel} the {c}. Now I {+feel} it
            {then} the {c} went from {-c} to {+c}
            the {c} {-works} at first, then {+works} {then}
            the {c} started out {-c} and ended up {+c}
            {then} the {c} is no longer {-c}
        """),
        "hearsay": lines("""
            {people} calls the {a} {-a}. I disagree
            {people} calls the {a} {+a}. I agree
            people say the {a} is {-a}, and they are wrong
            people say the {a} is {+a}, and they are right
            {people} told me the {a} is {-a}, which is not true
            {people} told me the {a} is {+a}, which is true
            as {people} said, the {a} is {+a}
        """),
        "verdict": lines("""
            {+verdict}
            {+question}
            because of the {+a} {a}, {+verdict}
            the {a} is so {+a} that {+verdict}
            {+a} {a}, {+b} {b}: {+verdict}
            seeing how {+a} the {a} is, {+verdict}
        """),
    },
    openings=lines("""
        bought this {product} {shop}
        ordered it for {person}
        got the {product} as a gift from {person}
        {n} {unit} with this {product} now
        I have had the {product} for {n} {unit}
        paid {price} for this {product}
        here is my view after {n} {unit}
        this is the {colour} version
        my second {product} so far
        {person} wanted a new {product}
        needed a {product} for work
        picked it up {shop} for {price}
        so, about this {product}
        used the {product} daily for {n} {unit}
    """),
    asides=lines("""
        {person} has another one and calls it {?general}
        the {product} I had years ago was {?general}
        I read that the other brand is {?general}
    """),
    closings=lines("""
        just my two cents
        I chose {colour}
        it weighs about {n}00 grams
        {person} uses it too
        that is all from me
        hope this helps
        I use it {n} times a week
        it came in {colour}
        typed on the train
        will update in {n} {unit}
        mine is the {colour} one
        the box says model {n}B
        bought in May
    """),
    endings=(".", ".", ".", ".", ".", ".", "!", "...", "!!"),
    space=" ",
)
