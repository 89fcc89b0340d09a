"""Where models differ over the same journeys, in words: what numbers do not say to whoever pays for a channel."""

from collections.abc import Sequence

from attribution.model_spec import Model, ModelResult

_APART_MIN = 0.02
"""Shares closer than this are not worth a sentence."""

_ROLE_RATIO = 1.25
_CHANNELS_MAX = 10


def differences(results: Sequence[ModelResult]) -> list[str]:
    """Say for each channel on which models disagree how far, and what it tells; those most apart first."""
    if len(results) < 2:  # noqa: PLR2004 - one model differs from none
        return []
    shares = {result.spec.model: {each.channel: each.share for each in result.credits} for result in results}
    channels = {channel for by_channel in shares.values() for channel in by_channel}
    apart = {
        channel: sorted((by_channel.get(channel, 0.0), model) for model, by_channel in shares.items())
        for channel in channels
    }
    ordered = sorted(channels, key=lambda channel: (apart[channel][0][0] - apart[channel][-1][0], channel))
    said = [
        _said(channel, apart[channel], {model: shares[model].get(channel, 0.0) for model in shares})
        for channel in ordered[:_CHANNELS_MAX]
        if apart[channel][-1][0] - apart[channel][0][0] >= _APART_MIN
    ]
    return said or [f"No two models differ by more than {_APART_MIN * 100:g} points of share on any channel."]


def _said(channel: str, ranked: Sequence[tuple[float, Model]], shares: dict[Model, float]) -> str:
    (low, lowest), (high, highest) = ranked[0], ranked[-1]
    points = (high - low) * 100
    sentence = f"{channel}: from {low:.1%} ({lowest}) to {high:.1%} ({highest}), {points:.1f} points apart"
    role = _role(shares)
    return f"{sentence}; {role}." if role else f"{sentence}."


def _role(shares: dict[Model, float]) -> str:
    first, last = shares.get(Model.FIRST), shares.get(Model.LAST)
    if first is not None and last is not None:
        if first > last * _ROLE_RATIO:
            return "it begins more journeys than it ends, so last touch says too little of it"
        if last > first * _ROLE_RATIO:
            return "it ends more journeys than it begins, so last touch may give it what others prepared"
    removal = shares.get(Model.MARKOV)
    if removal is not None and last is not None and last > 0:
        if removal > last * _ROLE_RATIO:
            return "more journeys would be lost without it than it ends"
        if last > removal * _ROLE_RATIO:
            return "many of the journeys it ends would have gone on to convert by other channels"
    return ""
