"""Three calls by the real Python SDK of Segment or RudderStack: `python_sdk.py segment|rudder URL KEY RUN`.

Prints what the SDK reported, as JSON: what an app's developer would see.
"""

import json
import sys
from importlib import import_module

MODULES = {"segment": "segment.analytics.client", "rudder": "rudderstack.analytics.client"}


def main() -> None:
    """Identify, order, level up; wait until all is sent."""
    sdk, url, key, run = sys.argv[1:]
    errors: list[str] = []
    client = import_module(MODULES[sdk]).Client(
        key, host=url, on_error=lambda error, _: errors.append(str(error)), upload_interval=0.1, timeout=5
    )
    user = f"user-{run}"
    client.identify(user, {"plan": "pro"})
    client.track(user, "Order Completed", {"order_id": f"order-{run}", "revenue": 9.99, "currency": "EUR"})
    client.track(user, "Level Up", {"level": 3}, {"campaign": {"source": "newsletter", "name": "spring"}})
    client.flush()
    client.join()
    print(json.dumps(errors))


if __name__ == "__main__":
    main()
