"""Cross-validation and a grid search by scikit-learn, with a text classifier of weft as the estimator."""

from sklearn.model_selection import GridSearchCV, cross_val_score

import weft
from weft.demo import reviews

if __name__ == "__main__":
    texts, labels = zip(*reviews.rows(size=2000), strict=True)
    bag = weft.TextClassifier(encoder="bag", epochs=5)
    print("accuracy in each fold:", cross_val_score(bag, texts, labels, cv=3).round(3))

    # what the estimator has a name for is searched by it, all else by its path in `settings`
    grid = {
        "epochs": [2, 5],
        "settings": [{"task.tokenizer": {"kind": "ngrams", "order": order}} for order in (1, 2)],
    }
    search = GridSearchCV(bag, grid, cv=3).fit(texts, labels)
    print("best:", search.best_params_, f"{search.best_score_:.3f}")
    print(search.predict_proba(["味道很好", "cold and late"]).round(3), search.classes_)
