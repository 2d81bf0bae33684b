// SPDX-License-Identifier: Apache-2.0
/* A program that does nothing: what storms of exec run. */
int main(void)
{
	return 0;
}
