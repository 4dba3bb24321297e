"""The card that lies beside a trained model."""

from collections.abc import Mapping

from services.classifier.learning.metrics import FLAG_FROM, Metrics


def model_card(provenance: str, examples: int, seed: int, metrics: Mapping[str, Metrics]) -> str:
    rows = "\n".join(
        f"| {name} | {m.texts} | {m.positives} | {m.precision:.3f} | {m.recall:.3f} | {m.average_precision:.3f} |"
        for name, m in metrics.items()
    )
    return f"""# Text model

{provenance}

- Kind: logistic regression over hashed character n-grams, highest passage of a text, Platt-calibrated
  (`model_type` haetae-ngram, weights as safetensors).
- Trained on {examples} examples, seed {seed}; a quarter of them held out for calibration and for the figures below.
- Precision and recall at a score of {FLAG_FROM}. "disguised": the same texts obfuscated (spacing, leetspeak,
  look-alike letters, zero-width characters and others).

| held-out texts | texts | positives | precision | recall | average precision |
|---|---|---|---|---|---|
{rows}
"""
