"""Upload a finished model to the Hugging Face hub."""

from schemas.command import FailedRunError
from schemas.ownership import MARKER_NAME
from trainer.fine_tuning.model_files import CHECKPOINTS_NAME


def push_model(folder: str, name: str, *, private: bool) -> str:
    """Upload a model's folder and return its address; the token is that of `hf auth login`.

    Args:
        folder: The finished model.
        name: `user/model` on the hub; made when it is not there.
        private: Whether only its owner sees it.

    Raises:
        FailedRunError: If the hub refuses or cannot be reached; the model stays where it is.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        address = api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=address.repo_id,
            folder_path=folder,
            ignore_patterns=[f"{CHECKPOINTS_NAME}/*", MARKER_NAME],
            commit_message="Model trained by tandemqa",
        )
    except Exception as error:  # those of the library's network library, which has changed before
        raise FailedRunError(
            f"--push-to-hub {name}: {error}. The model is complete in {folder}; log in with "
            "`hf auth login`, then give the same command again to upload it"
        ) from error
    return str(address)
