"""What is wrong with the settings, in the words of who sets them: the variable, the fault, what it is for."""

from pydantic import ValidationError
from pydantic_settings import BaseSettings


def explain(error: ValidationError, settings_type: type[BaseSettings]) -> str:
    """One line a field. Values are never shown: they may be secrets."""
    prefix = settings_type.model_config.get("env_prefix", "")
    lines = ["The service cannot start:"]
    for one in error.errors(include_input=False, include_url=False):
        if not one["loc"]:  # of several fields together: the message names them
            lines.append(f"  {one['msg'].removeprefix('Value error, ')}")
            continue
        name = ".".join(map(str, one["loc"]))
        field = settings_type.model_fields.get(str(one["loc"][0]))
        meaning = f" ({field.description})" if field and field.description else ""
        fault = "is not set: set it" if one["type"] == "missing" else f"is wrong: {one['msg']}"
        lines.append(f"  {(prefix + name).upper()} {fault}{meaning}")
    return "\n".join(lines)
